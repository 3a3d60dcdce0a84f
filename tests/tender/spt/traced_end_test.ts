/**
 * What is left of traced guests of spt: nothing, however they and their tracer end.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { bound, startTraced, stepCalls, toEnd } from "./traced.ts";
import { guest } from "../../guests.ts";
import { withFiles } from "../../bindings/scratch.ts";
import { kill, ROOT } from "../../soloden.ts";

/** A process's state as `/proc` has it; undefined if there is no such process. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    ok(tries < 500, what);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// In a process of its own: test files share one, and its descriptors.
Deno.test("traced: a guest that is given up at any point leaves no process and no descriptor", async () => {
  await bound("steps");
  const script = new URL("./given_up.ts", import.meta.url).pathname;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script] })
    .output();
  equal(code, 0, new TextDecoder().decode(stderr));
});

Deno.test("traced: a guest that somebody else kills ends of that", async () => {
  await using traced = await startTraced(await bound("steps"));
  stepCalls(traced, 20);
  Deno.kill(traced.run.pid, "SIGKILL");
  deepEqual(toEnd(traced).outcome, { kind: "signal", signal: 9 });
});

Deno.test("traced: a guest that is suspended stays so until it is to go on", async () => {
  const guest = await bound("steps");
  await using whole = await startTraced(guest);
  toEnd(whole);
  await using traced = await startTraced(guest);
  const { pid } = traced.run;
  stepCalls(traced, 30);
  Deno.kill(pid, "SIGSTOP");
  const stop = traced.run.step();
  ok(stop.kind === "wait", stop.kind);
  equal(traced.run.step().kind, "wait");
  match(stateOf(pid)!, /[tT]/);
  const { memory } = traced.run.capture();
  ok(memory.length > 0);
  equal(traced.run.step().kind, "wait");
  const waiting = traced.run.waitApart();
  Deno.kill(pid, "SIGCONT");
  await waiting;
  deepEqual(toEnd(traced).outcome, { kind: "exit", status: 0 });
  equal(traced.output, whole.output);
});

Deno.test("traced: a guest ends with its tracer, though it was told nothing of a parent", async () => {
  const file = JSON.stringify(await guest("spin", "spt"));
  const module = (path: string) => JSON.stringify(join(ROOT, path));
  const program = `
import { parseUnikernel } from ${module("elftool/unikernel.ts")};
import { bind } from ${module("tender/guest.ts")};
import { compileImage } from ${module("tender/spt/compile.ts")};
import { startTraced } from ${module("tender/spt/traced/start.ts")};
const unikernel = parseUnikernel(Deno.readFileSync(${file}), { name: "spin" });
const guest = bind(unikernel, { memory: 4 << 20, args: ["--solo5:quiet", "c"] });
const run = await startTraced(compileImage(guest, undefined, { traced: true }), {});
while (run.step().kind !== "wait");
console.log(run.pid);
if (Deno.args[0] === "stopped") run.capture();
await new Promise((resolve) => setTimeout(resolve, 600_000));
`;
  await withFiles({ "tracer.ts": program }, async (directory) => {
    for (const how of ["running", "stopped"]) {
      const tracer = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", join(directory, "tracer.ts"), how],
        stdin: "null",
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      try {
        const reader = tracer.stdout.getReader();
        let said = "";
        while (!/^\d+\n/m.test(said)) {
          const { value, done } = await reader.read();
          ok(!done, `the tracer has ended: ${said}`);
          said += new TextDecoder().decode(value);
        }
        await reader.cancel();
        const pid = Number(/^(\d+)$/m.exec(said)![1]);
        ok(stateOf(pid) !== undefined);
        tracer.kill("SIGKILL");
        await until(() => [undefined, "Z", "X"].includes(stateOf(pid)), `${pid} lives on`);
      } finally {
        kill(tracer);
        await tracer.status;
      }
    }
  });
});

Deno.test("traced: a guest writes to the standard output where no function takes it", async () => {
  const file = JSON.stringify(await guest("args", "spt"));
  const library = JSON.stringify(join(ROOT, "mod.ts"));
  const program = `
import { bind, parseUnikernel, start } from ${library};
const unikernel = parseUnikernel(Deno.readFileSync(${file}), { name: "args" });
const guest = bind(unikernel, { memory: 4 << 20, args: ["--solo5:quiet", "x"] });
const limits = Deno.args.length > 0 ? { consoleRate: 10_000 } : undefined;
const { steps, outcome } = await start(guest, { traced: true, limits });
for (let stop = steps.step(); stop.kind !== "ended"; stop = steps.step()) {
  if (stop.kind === "wait") await steps.waitApart(stop);
}
console.log(JSON.stringify(await outcome));
`;
  await withFiles({ "user.ts": program }, async (directory) => {
    for (const args of [[], ["limited"]]) {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--allow-ffi", "--allow-read", join(directory, "user.ts"), ...args],
      }).output();
      const text = new TextDecoder().decode(stdout);
      equal(new TextDecoder().decode(stderr), "");
      equal(text, '[x]\nSUCCESS\n{"kind":"exit","status":0}\n');
    }
  });
});
