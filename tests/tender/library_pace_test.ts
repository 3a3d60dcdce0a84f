/**
 * Guests that wait for those who read what they print, on both targets.
 */
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind, type Guest, type TenderTarget } from "../../tender/guest.ts";
import type { TracedCall } from "../../tender/observe/trace.ts";
import { run } from "../../tender/run/event_loop.ts";
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
const ON_THE_WAY: Record<TenderTarget, number> = {
  hvt: 0,
  spt: 4 * 0x1_0000,
  virtio: 4 * 0x1_0000,
};

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

kvmTest("pace: a guest waits after the write that fills what is kept", async () => {
  let printed = 0;
  const trace = () => void printed++;
  const spawned = spawn(await load("spin", "hvt", "p"), { highWaterMark: "begin\n".length, trace });
  await until(() => printed > 0);
  await delay(20);
  spawned.kill();
  equal(await new Response(spawned.console).text(), "begin\n");
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
