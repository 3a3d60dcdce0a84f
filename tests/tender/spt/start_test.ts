/**
 * What a guest's process gets from the one that starts it, before its launch drops the rest.
 */
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";

const PROGRAM = join(import.meta.dirname!, "started.ts");
const INPUT = "what is not for the guest";

/** Starts the image; returns what lay on its stack, and how many bytes it could read. */
async function start(how: string): Promise<{ stack: string; read: number }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", PROGRAM, how],
    env: { SECRET: "not-for-the-guest" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(INPUT));
  await writer.close();
  const { code, stdout } = await child.output();
  return { stack: new TextDecoder("latin1").decode(stdout), read: code };
}

for (const how of ["become", "spawn"]) {
  Deno.test(`start: a process that is made to ${how} a guest hands over no environment`, async () => {
    const { stack } = await start(how);
    // Its own path is the last thing there.
    match(stack, /\/proc\/[0-9]+\/fd\/[0-9]+\0|started\0/);
    ok(!stack.includes("SECRET"));
    ok(!stack.includes("PATH="));
  });
}

Deno.test("start: a guest that is a child does not share its parent's standard input", async () => {
  equal((await start("spawn")).read, 0);
  equal((await start("become")).read, INPUT.length);
});
