/**
 * Machines that can be captured, as tests make them.
 *
 * @module
 */
import { equal } from "node:assert/strict";
import { Halt, Poll } from "../../../abi/hvt.ts";
import type { Guest } from "../../../tender/guest.ts";
import type { MachineState } from "../../../tender/hvt/machine_state.ts";
import type { WaitingWorld } from "../../../tender/hvt/world.ts";
import { collector } from "./device_guests.ts";
import { hostWorld, startVm, type TestMachine } from "./machine.ts";
import { asm, DATA, fakeWorld, tinyGuest } from "./tiny_guest.ts";

/** A machine, and what it prints. */
export interface Capturable extends Disposable {
  readonly vm: TestMachine;
  readonly world: WaitingWorld;
  readonly text: () => string;
}

/** A machine of the test's own in the host's world; it goes on from a state, if one is given. */
export function machine(
  guest: Guest,
  state?: MachineState,
): Capturable {
  using resources = new DisposableStack();
  const world = resources.use(hostWorld(guest.devices));
  const { write, text } = collector();
  world.write = write;
  const vm = resources.use(startVm(guest, { world, launch: state, capturable: true }));
  const kept = resources.move();
  return { vm, world, text, [Symbol.dispose]: () => kept.dispose() };
}

const POLL = DATA + 64;

/** Polls for half a microsecond, and halts with what the poll gave. */
export const POLLING = tinyPoll(500n);

/** Polls for so many nanoseconds, and halts with what the poll gave. */
export function tinyPoll(timeoutNsecs: bigint): Guest {
  const data = new Uint8Array(128);
  data.set(Poll.encode({ timeoutNsecs, ret: 9 }), POLL - DATA);
  return tinyGuest([
    ...asm.hypercall("poll", POLL),
    ...asm.load(POLL + Poll.offsets.ret),
    ...asm.store(DATA + Halt.offsets.exitStatus),
    ...asm.hypercall("halt", DATA),
  ], { data });
}

/** The state of {@linkcode POLLING} when it has waited for 200 ns, since a moment of its clock. */
export function waiting(now: bigint): MachineState {
  const world = fakeWorld();
  world.now = now;
  using vm = startVm(POLLING, { world, capturable: true });
  equal(vm.step().kind, "wait");
  world.now += 200n;
  return structuredClone(vm.capture!());
}
