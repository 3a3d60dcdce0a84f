/**
 * The runtime's debugger: no signal opens its port in a process of the command.
 */
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { inDirectory } from "../in_directory.ts";
import { untilPrinted } from "../netns.ts";
import { execute, kill, ROOT } from "../soloden.ts";

const SIGUSR1 = 10n;

Deno.test("debugger: USR1 does nothing, before the runtime listens to it and after", async () => {
  const script = `
    import { ignoreDebuggerSignal } from ${JSON.stringify(join(ROOT, "linux/debugger_signal.ts"))};
    ignoreDebuggerSignal();
    Deno.kill(Deno.pid, "SIGUSR1");
    setTimeout(() => Deno.kill(Deno.pid, "SIGUSR1"), 700);
    setTimeout(() => console.log("done"), 800);`;
  const { status, stdout, stderr } = await execute(Deno.execPath(), ["eval", script]);
  equal(stderr, "");
  equal(stdout, "done\n");
  equal(status, 0);
});

Deno.test("debugger: what serves tools ignores USR1", () =>
  inDirectory(async (directory) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", join(ROOT, "main.ts"), "mcp", "serve", "--http", "127.0.0.1:0"],
      env: { HOME: directory, XDG_RUNTIME_DIR: directory },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    try {
      await untilPrinted(child.stderr, "serves");
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`);
      const [, ignored] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status)!;
      ok(BigInt(`0x${ignored}`) >> (SIGUSR1 - 1n) & 1n, ignored);
      child.kill("SIGTERM");
      match(String((await child.status).code), /^(0|143)$/);
    } finally {
      kill(child);
    }
  }));
