/**
 * The state of a traced guest of spt: another process that goes on from it ends as the first would have.
 */
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { block } from "../../../tender/devices/block/device.ts";
import { TenderError } from "../../../tender/error.ts";
import type { ProcessState } from "../../../tender/spt/traced/state.ts";
import { bound, MEMORY, startTraced, stepCalls, stepOn, toEnd } from "./traced.ts";

const HEAP = MEMORY - 0x4_0000;
const DONE = { kind: "exit", status: 0 };

Deno.test("capture: a guest goes on from any of its system calls", async () => {
  const guest = await bound("steps");
  await using whole = await startTraced(guest);
  const { steps } = toEnd(whole);
  ok(steps > 200);
  for (let calls = 0; calls < steps - 10; calls += 17) {
    await using first = await startTraced(guest);
    stepCalls(first, calls);
    const [state, before] = [first.run.capture(), first.output];
    await using second = await startTraced(guest, { from: state });
    // Both go on, the captured one as if nothing had been.
    deepEqual(toEnd(second).outcome, DONE);
    equal(before + second.output, whole.output, `after ${calls} calls`);
    deepEqual(toEnd(first).outcome, DONE);
    equal(first.output, whole.output);
  }
});

Deno.test("capture: a state is plain data, and the same when it is taken again", async () => {
  const guest = await bound("steps");
  await using first = await startTraced(guest);
  stepCalls(first, 100);
  const [state, before] = [first.run.capture(), first.output];
  const again = first.run.capture();
  deepEqual({ ...again, deadline: 0n }, { ...state, deadline: 0n });
  const copy = structuredClone(state);
  deepEqual(copy, state);
  equal(copy.version, 1);
  const { mappings, memory } = copy;
  deepEqual([mappings[0]!.start, mappings.at(-1)!.end], [0x1_0000, MEMORY]);
  const kept = memory.reduce((size, { bytes }) => size + bytes.length, 0);
  ok(kept < 0x4_0000, `${kept} bytes of a guest that touches some pages`);
  // A state that was restored is the state that was taken.
  await using second = await startTraced(guest, { from: copy });
  const restored = second.run.capture();
  deepEqual(restored.registers, state.registers);
  deepEqual(restored.extendedRegisters, state.extendedRegisters);
  deepEqual(restored.memory, state.memory);
  deepEqual(toEnd(second).outcome, DONE);
  deepEqual(toEnd(first).outcome, DONE);
  equal(before + second.output, first.output);
});

Deno.test("capture: a guest that waits in the kernel does not notice", async () => {
  // Waits a second with no device, and would see that it was interrupted.
  const guest = await bound("hostile_call", { args: [`s 281 3 ${HEAP} 1 1000 0 8`] });
  await using first = await startTraced(guest);
  equal(first.run.step().kind, "wait");
  // Who waits for its next stop is not left alone by a capture, whoever comes first to see it.
  for (let times = 0; times < 20; times++) {
    const wait = first.run.waitApart();
    first.run.capture();
    await wait;
    equal(first.run.step().kind, "wait");
  }
  const waiting = first.run.waitApart();
  let state: ProcessState;
  for (let times = 0; times < 3; times++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    state = first.run.capture();
    equal(first.run.step().kind, "wait");
  }
  await waiting;
  deepEqual(toEnd(first).outcome, DONE);
  equal(first.output, "calling\nreturned 0\n");
  await using second = await startTraced(guest, { from: state! });
  equal(second.run.step().kind, "wait");
  deepEqual(toEnd(second).outcome, DONE);
  equal(second.output, "returned 0\n");
});

Deno.test("capture: a wait for the timer is one for the same moment", async () => {
  const guest = await bound("wait_long");
  await using first = await startTraced(guest);
  const stop = stepOn(first);
  ok(stop.kind === "wait");
  const state = first.run.capture();
  await using second = await startTraced(guest, { from: state });
  const again = stepOn(second);
  ok(again.kind === "wait");
  const error = Number(again.deadline - stop.deadline);
  ok(error >= 0 && error < 1e9, `${error} ns later`);
});

Deno.test("capture: a guest that computes is stopped for it, and goes on", async () => {
  const guest = await bound("spin", { args: ["c"] });
  await using first = await startTraced(guest);
  equal(first.run.step().kind, "wait");
  const { registers } = first.run.capture();
  const text = (rip: bigint) => rip >= 0x10_0000n && rip < 0x20_0000n;
  ok(text(registers.rip));
  first.run.step();
  const later = first.run.capture();
  ok(text(later.registers.rip));
  await using second = await startTraced(guest, { from: later });
  equal(second.run.step().kind, "wait");
  ok(text(second.run.capture().registers.rip));
});

Deno.test("capture: a guest that has ended has no state", async () => {
  await using traced = await startTraced(await bound("args"));
  toEnd(traced);
  throws(() => traced.run.capture(), /args.spt: has ended, and cannot be captured/);
});

Deno.test("capture: a write is in the state once, and its answer is the guest's", async () => {
  let state: ProcessState | undefined;
  const guest = await bound("hostile_call", { args: [`s 1 1 ${MEMORY - 8} 16`] });
  await using first = await startTraced(guest, {
    console: (bytes) => {
      if (bytes.length === 8 && bytes[0] === 0) state = first.run.capture();
    },
  });
  toEnd(first);
  await using second = await startTraced(guest, { from: state! });
  toEnd(second);
  equal(second.output, "returned more\n");
});

Deno.test("capture: devices have to be what they were", async () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.truncateSync(path, 8192);
    const devices = { storage: block.file(path) };
    const guest = await bound("block", { devices });
    await using first = await startTraced(guest);
    stepCalls(first, 2);
    const state = first.run.capture();
    await using second = await startTraced(await bound("block", { devices }), { from: state });
    deepEqual(toEnd(second).outcome, DONE);
    Deno.truncateSync(path, 4096);
    const other = await bound("block", { devices });
    await rejects(startTraced(other, { from: state }), (error: TenderError) => {
      equal(error.code, "device");
      match(error.message, /^storage: .* with capacity 8192; its own is 4096$/);
      return true;
    });
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("capture: a state is refused where it is not this guest's", async () => {
  await using first = await startTraced(await bound("steps"));
  stepCalls(first, 50);
  const state = first.run.capture();
  const refusals: [state: unknown, guest: Parameters<typeof bound>, message: RegExp][] = [
    [
      state,
      ["args"],
      /^args.spt: cannot go on from a state that is of another program, steps.spt$/,
    ],
    [state, ["steps", { memorySize: 2 * MEMORY }], /is of another size of memory$/],
    [
      { ...state, version: 2 },
      ["steps"],
      /is of version 2 for spt, and version 1 for spt is known$/,
    ],
    [{ ...state, target: "hvt" }, ["steps"], /is of version 1 for hvt/],
    [
      { ...state, memory: [{ address: 0x10_0000, bytes: new Uint8Array(8) }] },
      ["steps"],
      /0x100000/,
    ],
    [{ ...state, registers: { ...state.registers, cs: 0x10n } }, ["steps"], /this CPU refuses$/],
    [
      { ...state, extendedRegisters: new Uint8Array(600).fill(255) },
      ["steps"],
      /this CPU refuses$/,
    ],
  ];
  for (const [from, guest, message] of refusals) {
    const options = { from: from as ProcessState };
    await rejects(startTraced(await bound(...guest), options), (error: unknown) => {
      ok(error instanceof TenderError, `${error}`);
      match(error.message, message);
      return true;
    });
  }
});
