/**
 * Gives traced guests up at any point, and fails if one leaves a process or a descriptor. A program of
 * its own, for `traced_end_test.ts`.
 *
 * @module
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { bound, startTraced, stepCalls, toEnd } from "./traced.ts";

/** A process's state as `/proc` has it; undefined if there is no such process. */
function stateOf(pid: number): string | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}

function descriptors(): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => name).sort();
}

const ENDS = ["dispose", "kill", "kill while it waits", "refused state"] as const;

// The runtime opens two sockets for signals half a second after its start, or when they are first listened to.
const ignore = () => {};
Deno.addSignalListener("SIGUSR2", ignore);
Deno.removeSignalListener("SIGUSR2", ignore);

const guest = await bound("steps");
await (await startTraced(guest)).run[Symbol.asyncDispose]();
const before = descriptors();
const property = fc.asyncProperty(
  fc.nat(230),
  fc.constantFrom(...ENDS),
  async (calls, how) => {
    const traced = await startTraced(guest);
    const { run } = traced;
    stepCalls(traced, calls);
    if (how === "refused state") {
      const from = { ...run.capture(), fixed: "" };
      await startTraced(guest, { from }).then(() => ok(false), () => {});
    }
    if (how === "kill while it waits") {
      const wait = run.waitApart();
      run.kill();
      await wait;
    }
    if (how === "kill") run.kill();
    if (how === "kill" || how === "kill while it waits") {
      deepEqual(toEnd(traced).outcome, { kind: "signal", signal: 9 });
    }
    await run[Symbol.asyncDispose]();
    equal((await run.outcome).kind, "signal");
    equal(stateOf(run.pid), undefined);
    // The runtime has a descriptor of its own now and then; one that was left stays.
    for (let tries = 0; tries < 100 && descriptors().length > before.length; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    deepEqual(descriptors(), before);
  },
);
await fc.assert(property, { numRuns: 25 });
