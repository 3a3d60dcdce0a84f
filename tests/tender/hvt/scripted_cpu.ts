/**
 * The run loop without KVM: a CPU that stops as a test tells it to.
 *
 * @module
 */
import assert from "node:assert/strict";
import { HYPERCALL, type Hypercall, HYPERCALL_PORT } from "../../../abi/hvt.ts";
import { RING_PORT } from "../../../abi/hvt_ring.ts";
import { viewOf } from "../../../abi/layout.ts";
import type { Exit } from "../../../tender/kvm/exit.ts";
import { GuestView } from "../../../tender/hvt/guest_view.ts";
import { RunLoop } from "../../../tender/hvt/run_loop.ts";
import type { Stop } from "../../../tender/run/run.ts";
import type { World } from "../../../tender/hvt/world.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { fakeWorld } from "./tiny_guest.ts";

/** Size of guest memory, in bytes. */
export const MEMORY = 0x20_0000;
/** Address that argument blocks may have. */
export const BLOCK = 0x15_0000;
/** Where the network ring lies. */
export const RING = 0x18_0000;
/** A range that the guest may only read. */
export const RODATA = { start: 0x10_0000, end: 0x10_1000, read: true, write: false };
/** A range that the guest cannot reach. */
export const CLOSED = { start: 0, end: 0x1_0000, read: false, write: false };

/** A run loop, and the memory of its guest. */
export interface Script {
  readonly loop: RunLoop;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** How many exits are to come. */
  left(): number;
}

/**
 * A run loop over a CPU that stops with these exits, in order, and then never again.
 *
 * @param ring the ring's address; none if not given
 */
export function scripted(
  exits: readonly Exit[],
  world: World = fakeWorld(),
  { handles = 0n, ring }: { handles?: bigint; ring?: number } = {},
): Script {
  const bytes = new Uint8Array(MEMORY);
  const rest = [...exits];
  const cpu = {
    run: () => {
      const exit = rest.shift();
      if (exit === undefined) throw new Error("the guest ran on");
      return exit;
    },
    registers: () => ({ rip: 0x10_0abcn }) as never,
  };
  const guest = new GuestView(bytes, [CLOSED, RODATA]);
  const loop = new RunLoop(cpu, { guest, world, handles, ring });
  return { loop, view: viewOf(bytes), bytes, left: () => rest.length };
}

/** The exit of a hypercall. */
export function call(name: Hypercall, block = BLOCK): Exit {
  const port = HYPERCALL_PORT + HYPERCALL[name];
  return { kind: "io", out: true, port, size: 4, count: 1, value: block };
}

/** The exit of a guest that says that there are requests in its ring. */
export function kick(): Exit {
  return { kind: "io", out: true, port: RING_PORT, size: 4, count: 1, value: 0 };
}

/** The outcome of a run that ended. */
export function outcomeOf(stop: Stop): Outcome {
  assert.equal(stop.kind, "ended");
  return (stop as Extract<Stop, { kind: "ended" }>).outcome;
}
