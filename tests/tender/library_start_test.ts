/**
 * Guests that a program starts, and steps itself where the target lets it.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind, type Guest, type TenderTarget } from "../../tender/guest.ts";
import { start } from "../../tender/run/event_loop.ts";
import type { Steps, Stop } from "../../tender/run/run.ts";
import { guest } from "../guests.ts";
import { execute } from "../soloden.ts";
import { kvmTest } from "./hvt/kvm_available.ts";

const KILLED = { kind: "signal", signal: 9 };

async function load(name: string, target: TenderTarget, ...args: string[]): Promise<Guest> {
  const unikernel = parseUnikernel(Deno.readFileSync(await guest(name, target)), { name });
  return bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet", ...args] });
}

function targets(name: string, body: (target: TenderTarget) => Promise<void>): void {
  Deno.test(`start: ${name}, spt`, () => body("spt"));
  kvmTest(`start: ${name}, hvt`, () => body("hvt"));
}

function delay(milliseconds: number): Promise<"late"> {
  return new Promise((resolve) => setTimeout(() => resolve("late"), milliseconds));
}

Deno.test("start: a guest of spt that was started goes on by itself", async () => {
  await using started = await start(await load("exit_code", "spt", "7"));
  equal(started.steps, undefined);
  deepEqual(await started.outcome, { kind: "exit", status: 7 });
});

/** Steps a guest to its end, and lists why each step came back. */
async function stepAll(steps: Steps, budget?: number): Promise<Stop[]> {
  const stops: Stop[] = [];
  for (;;) {
    const stop = steps.step(budget);
    stops.push(stop);
    if (stop.kind === "ended") return stops;
    if (stop.kind === "wait") await steps.waitApart(stop);
  }
}

kvmTest("start: a guest of hvt that was started goes on when it is stepped", async () => {
  const console = () => {};
  await using started = await start(await load("exit_code", "hvt", "7"), { console });
  equal(await Promise.race([started.outcome, delay(50)]), "late");
  const stops = await stepAll(started.steps!, 1);
  const end = { kind: "ended", outcome: { kind: "exit", status: 7 } };
  deepEqual(stops.at(-1), end);
  deepEqual(stops.slice(0, -1), stops.slice(0, -1).map(() => ({ kind: "budget" })));
  deepEqual(await started.outcome, end.outcome);
  deepEqual(started.steps!.step(), end);
});

kvmTest("start: a step comes back while output is not taken, and goes on afterwards", async () => {
  const taken: PromiseWithResolvers<void>[] = [];
  const console = () => taken[taken.push(Promise.withResolvers<void>()) - 1]!.promise;
  await using started = await start(await load("args", "hvt"), { console });
  const steps = started.steps!;
  const stop = steps.step();
  ok(stop.kind === "wait" && stop.output, stop.kind);
  equal(stop.handles, 0n);
  deepEqual(steps.step(), stop, "it waits still");
  equal(taken.length, 1);
  throws(() => steps.wait(stop), { code: "option", message: /needs waitApart\(\)$/ });
  const over = steps.waitApart(stop);
  equal(await Promise.race([over, delay(20)]), "late");
  taken[0]!.resolve();
  await over;
  // What was waited for is over: another wait for it does not begin.
  await steps.waitApart(stop);
  steps.step();
  equal(taken.length, 2);
});

targets("to dispose of a guest that was started kills it", async (target) => {
  const started = await start(await load("wait", target), { console: () => {} });
  started.steps?.step();
  await started[Symbol.asyncDispose]();
  deepEqual(await started.outcome, KILLED);
});

targets("an aborted signal kills a guest that was started", async (target) => {
  for (const before of [true, false]) {
    const controller = new AbortController();
    if (before) controller.abort();
    const options = { console: () => {}, signal: controller.signal };
    await using started = await start(await load("wait", target), options);
    if (!before) controller.abort();
    started.steps?.step();
    deepEqual(await started.outcome, KILLED);
  }
});

targets("nothing of a guest that is gone hears of the program's signal", async (target) => {
  const { signal } = new AbortController();
  let listeners = 0;
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  Object.assign(signal, {
    addEventListener: (...args: Parameters<typeof add>) => (listeners++, add.apply(signal, args)),
    removeEventListener: (...args: Parameters<typeof remove>) => (
      listeners--, remove.apply(signal, args)
    ),
  });
  const started = await start(await load("wait", target), { console: () => {}, signal });
  equal(listeners, 1);
  await started[Symbol.asyncDispose]();
  equal(listeners, 0);
});

targets("a guest that was started leaves no descriptor behind", async (target) => {
  const program = new URL("./left_open.ts", import.meta.url).pathname;
  const { status, stderr } = await execute(Deno.execPath(), ["run", "-A", program, target]);
  equal(status, 0, stderr);
});
