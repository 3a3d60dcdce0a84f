/**
 * The run loop's state without KVM: a loop that goes on from it, in a world whose clock stands
 * elsewhere, does as the first would have.
 */
import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { Halt, Poll, Puts } from "../../../abi/hvt.ts";
import type { Exit } from "../../../tender/kvm/exit.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { BLOCK, call, type Script, scripted } from "./scripted_cpu.ts";
import { fakeWorld } from "./tiny_guest.ts";

/** Room for each call's argument block, in bytes. */
const ROOM = 64;
/** Where the text lies that is printed. */
const TEXT = BLOCK - ROOM;

/** A call that a guest makes: `poll` waits for so many nanoseconds. */
type Made = "walltime" | "puts" | { readonly poll: bigint } | "intr";

const made: fc.Arbitrary<Made> = fc.oneof(
  fc.constantFrom("walltime" as const, "puts" as const, "intr" as const),
  fc.record({ poll: fc.bigInt({ min: 0n, max: 1000n }) }),
);

function exitsOf(calls: readonly Made[]): Exit[] {
  const exits = calls.map((made, index): Exit => {
    if (made === "intr") return { kind: "intr" };
    return call(typeof made === "string" ? made : "poll", BLOCK + index * ROOM);
  });
  return [...exits, call("halt", BLOCK + calls.length * ROOM)];
}

/** Writes the argument blocks of these calls. */
function writeBlocks({ view, bytes }: Script, calls: readonly Made[]): void {
  calls.forEach((made, index) => {
    const at = BLOCK + index * ROOM;
    if (made === "puts") Puts.write(view, at, { data: TEXT, len: 1 + index % 26 });
    else if (typeof made === "object") Poll.write(view, at, { timeoutNsecs: made.poll, ret: 9 });
  });
  Halt.write(view, BLOCK + calls.length * ROOM, { exitStatus: calls.length % 200 });
  bytes.set(new TextEncoder().encode("abcdefghijklmnopqrstuvwxyz"), TEXT);
}

/** A loop, its world, and how long its guest waited. */
interface Running {
  readonly script: Script;
  readonly world: ReturnType<typeof fakeWorld>;
  waited: bigint;
}

function start(exits: readonly Exit[], now: bigint): Running {
  const world = fakeWorld();
  world.now = now;
  return { script: scripted(exits, world), world, waited: 0n };
}

/** Steps until the end, or so many times; a wait passes by the world's clock, `most` at a time. */
function go(
  running: Running,
  { steps = Infinity, most = 2n ** 64n }: { steps?: number; most?: bigint } = {},
): Outcome | undefined {
  const { script: { loop }, world } = running;
  for (let count = 0; count < steps; count++) {
    const stop = loop.step(1);
    if (stop.kind === "ended") return stop.outcome;
    if (stop.kind !== "wait") continue;
    const left = stop.deadline - world.now;
    const passed = left < most ? left : most;
    world.now += passed;
    running.waited += passed;
  }
}

Deno.test("run loop: goes on elsewhere after any step, also in the midst of a wait", () => {
  const origin = fc.bigInt({ min: 0n, max: 2n ** 62n });
  const most = fc.bigInt({ min: 1n, max: 700n });
  fc.assert(
    fc.property(
      fc.array(made, { maxLength: 12 }),
      fc.nat(40),
      fc.record({ here: origin, there: origin, most }),
      (calls, steps, { here, there, most }) => {
        const exits = exitsOf(calls);
        const alone = start(exits, here);
        writeBlocks(alone.script, calls);
        const outcome = go(alone);

        const first = start(exits, here);
        writeBlocks(first.script, calls);
        if (go(first, { steps, most }) !== undefined) return;
        const state = structuredClone(first.script.loop.save());
        const second = start(exits.slice(exits.length - first.script.left()), there);
        second.script.bytes.set(first.script.bytes);
        second.script.loop.restore(state);

        deepEqual(go(second), outcome);
        equal(first.world.written + second.world.written, alone.world.written);
        deepEqual(second.script.bytes, alone.script.bytes);
        equal(first.waited + second.waited, alone.waited);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("run loop: a wait for a device goes on as one", () => {
  const handles = 0b10n;
  const world = fakeWorld();
  const exits = [call("poll"), call("halt", BLOCK + ROOM)];
  const first = scripted(exits, world, { handles });
  Poll.write(first.view, BLOCK, { timeoutNsecs: 500n });
  equal(first.loop.step().kind, "wait");
  const second = scripted(exits.slice(1), world, { handles });
  second.loop.restore(first.loop.save());
  equal(second.loop.step().kind, "wait");
  world.readable = handles;
  equal(second.loop.step().kind, "ended");
  equal(Poll.read(second.view, BLOCK).readySet, handles);
});
