/**
 * Guests that wait for those who read what they print, and guests that a program steps: on both targets.
 */
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind, type Guest, type TenderTarget } from "../../tender/guest.ts";
import type { TracedCall } from "../../tender/observe/trace.ts";
import { run, start } from "../../tender/run/event_loop.ts";
import type { Steps, Stop } from "../../tender/run/run.ts";
import { spawn } from "../../tender/run/spawn.ts";
import { guest } from "../guests.ts";
import { kvmTest } from "./hvt/kvm_available.ts";

const KILLED = { kind: "signal", signal: 9 };

async function load(name: string, target: TenderTarget, ...args: string[]): Promise<Guest> {
  const unikernel = parseUnikernel(Deno.readFileSync(await guest(name, target)), { name });
  return bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet", ...args] });
}

function targets(name: string, body: (target: TenderTarget) => Promise<void>): void {
  Deno.test(`pace: ${name}, spt`, () => body("spt"));
  kvmTest(`pace: ${name}, hvt`, () => body("hvt"));
}

function delay(milliseconds: number): Promise<"late"> {
  return new Promise((resolve) => setTimeout(() => resolve("late"), milliseconds));
}

/** Longest line that the guests print, in bytes. */
const LINE = 64;
/** What pipes and readers on the way from a process hold, in bytes. */
const ON_THE_WAY: Record<TenderTarget, number> = { hvt: 0, spt: 4 * 0x1_0000 };

/** Waits until something is so; a test that waits for ever is stuck. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(10);
}

for (const [highWaterMark, size] of [["4 KiB", 4096], [undefined, 0x1_0000]] as const) {
  targets(`a guest that nobody reads prints no more than ${size} bytes`, async (target) => {
    let printed = 0;
    const trace = (call: TracedCall) => void (printed += Number(call.arguments.len));
    const spawned = spawn(await load("spin", target, "p"), {
      highWaterMark,
      ...(target === "hvt" ? { trace } : {}),
    });
    if (target === "hvt") await until(() => printed >= size);
    await delay(100);
    spawned.kill();
    deepEqual(await spawned.outcome, KILLED);
    const { length } = await new Response(spawned.console).bytes();
    ok(length <= size + LINE + ON_THE_WAY[target], `${length}`);
  });
}

targets("a guest goes on as it is read, to its end", async (target) => {
  const words = Array.from({ length: 50 }, (_, index) => `word${index}`);
  for (const highWaterMark of [0, 1, 20]) {
    await using spawned = spawn(await load("args", target, ...words), { highWaterMark });
    equal(await new Response(spawned.console).text(), `[${words.join(" ")}]\nSUCCESS\n`);
    deepEqual(await spawned.outcome, { kind: "exit", status: 0 });
  }
});

targets("a guest of which enough was read ends when its console is cancelled", async (target) => {
  await using spawned = spawn(await load("args", target), { highWaterMark: 0 });
  equal(await Promise.race([spawned.outcome, delay(100)]), "late");
  await spawned.console.cancel();
  deepEqual(await spawned.outcome, { kind: "exit", status: 0 });
});

targets("a guest that waits for its reader keeps its limit of time", async (target) => {
  const options = { highWaterMark: 0, limits: { timeout: 100 } };
  await using spawned = spawn(await load("spin", target, "p"), options);
  deepEqual(await spawned.outcome, { kind: "limit", limit: "timeout", value: 100 });
});

targets("a signal of the program ends a guest that waits for its reader", async (target) => {
  const signal = AbortSignal.timeout(50);
  await using spawned = spawn(await load("spin", target, "p"), { highWaterMark: 0, signal });
  deepEqual(await spawned.outcome, KILLED);
});

targets("to dispose of a guest that waits for its reader kills it", async (target) => {
  const spawned = spawn(await load("spin", target, "p"), { highWaterMark: 0 });
  await delay(50);
  await spawned[Symbol.asyncDispose]();
  deepEqual(await spawned.outcome, KILLED);
});

Deno.test("pace: a size that is none is refused at once", async () => {
  const bound = await load("quiet", "spt");
  throws(() => spawn(bound, { highWaterMark: "many" }), {
    code: "option",
    message: /^highWaterMark: expected a whole number of bytes, /,
  });
});

targets("a function that takes output later takes one after the other", async (target) => {
  let [busy, most, text] = [0, 0, ""];
  const decoder = new TextDecoder();
  const outcome = await run(await load("args", target, "one", "two"), {
    async console(output) {
      most = Math.max(most, ++busy);
      await delay(5);
      text += decoder.decode(output);
      busy--;
    },
  });
  deepEqual(outcome, { kind: "exit", status: 0 });
  deepEqual([text, busy, most], ["[one two]\nSUCCESS\n", 0, 1]);
});

targets("output is the program's own, also when the guest is gone", async (target) => {
  const kept: Uint8Array[] = [];
  await run(await load("args", target, "x"), { console: (output) => kept.push(output) });
  equal(
    new TextDecoder().decode(Uint8Array.from(kept.flatMap((each) => [...each]))),
    "[x]\nSUCCESS\n",
  );
});

targets("what a function that takes output fails with, run rejects with", async (target) => {
  const reason = new Error("not this");
  const failing = [
    () => Promise.reject(reason),
    async () => {
      await delay(5);
      throw reason;
    },
    () => {
      throw reason;
    },
  ];
  for (const console of failing) {
    await rejects(run(await load("spin", target, "p"), { console }), reason);
  }
});

Deno.test("pace: a guest of spt that was started goes on by itself", async () => {
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

kvmTest("pace: a guest of hvt that was started goes on when it is stepped", async () => {
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

kvmTest("pace: a step comes back while output is not taken, and goes on afterwards", async () => {
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

targets("a guest that was started leaves no descriptor behind", async (target) => {
  const bound = await load("wait", target);
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const once = async () => {
    await using started = await start(bound, { console: () => {} });
    started.steps?.step();
  };
  await once();
  const before = open();
  for (let count = 0; count < 5; count++) await once();
  // The runtime closes the pipes of a process a little later.
  await until(() => open() <= before);
});
