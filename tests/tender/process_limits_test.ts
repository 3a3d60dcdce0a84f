/**
 * Limits of a guest that is a process of its own, as the kernel has them.
 */
import { deepEqual } from "node:assert/strict";
import { ProcessLimits } from "../../tender/run/process_limits.ts";
import { kill } from "../soloden.ts";

Deno.test("process limits: a second after its processor time is over, no signal handler helps", async () => {
  const child = new Deno.Command("sleep", { args: ["60"], stdin: "null" }).spawn();
  try {
    const process = { pid: child.pid, killed: false, kill: () => {} };
    using _limits = new ProcessLimits({ cpuTime: 3000 }, process);
    const limits = Deno.readTextFileSync(`/proc/${child.pid}/limits`);
    const [, soft, hard] = /^Max cpu time +(\S+) +(\S+) /m.exec(limits)!;
    deepEqual([soft, hard], ["3", "4"]);
  } finally {
    kill(child);
    await child.status;
  }
});
