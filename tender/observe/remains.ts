/**
 * What is left of a guest that crashed. It is copied while the machine still exists, and explained
 * later.
 *
 * @module
 */
import { TrapFrame } from "../../abi/hvt.ts";
import type { Registers } from "../kvm/abi.ts";
import type { Outcome } from "../outcome.ts";
import type { GuestView } from "../hvt/guest_view.ts";
import type { EndedMachine } from "../hvt/observer.ts";

/** What is left of a guest. */
export interface Remains {
  /** At the trap, where there was one. */
  readonly registers: Registers;
  /** The beginning of its stack, from the stack pointer on. */
  readonly stack: Uint8Array;
  readonly trap?: TrapReport;
}

/** A trap that the guest reported. */
export interface TrapReport {
  /** Address of a page fault; 0 for other traps. */
  readonly cr2: bigint;
  readonly errorCode: bigint;
  /** The guest's own report of it, if that is still in its memory. */
  readonly report: string;
}

/** How much of the stack is copied, in bytes. */
const STACK_SIZE = 2048;
/** How much is copied of the stack on which the guest reports a trap, in bytes. */
const REPORT_SIZE = 1024;

/** Copies what is left of a guest that aborted or broke; undefined for any other. */
export function remainsOf(outcome: Outcome, machine: EndedMachine): Remains | undefined {
  // The guest's state does not explain a failure of the host.
  const crashed = outcome.kind === "abort" ||
    outcome.kind === "fault" && outcome.reason !== "host";
  if (!crashed) return undefined;
  const { memory } = machine;
  const registers = machine.registers();
  if (outcome.kind === "fault" && outcome.frame !== undefined) {
    // The address of a frame was checked when the guest gave it.
    const { cr2, ec, rip, rsp, rflags } = TrapFrame.read(
      memory.at(outcome.frame, TrapFrame.size),
      0,
    );
    const report = new TextDecoder("latin1").decode(
      copy(memory, { address: outcome.frame - REPORT_SIZE, length: REPORT_SIZE }),
    );
    return {
      registers: { ...registers, rip, rsp, rflags },
      stack: stackAt(memory, rsp),
      trap: { cr2, errorCode: ec, report },
    };
  }
  return { registers, stack: stackAt(memory, registers.rsp) };
}

function stackAt(memory: GuestView, rsp: bigint): Uint8Array {
  const address = Number(rsp);
  const length = Math.min(STACK_SIZE, Math.max(memory.size - address, 0));
  return copy(memory, { address, length });
}

/** A copy of guest memory; empty if the guest cannot read all of it. */
function copy(memory: GuestView, range: { address: number; length: number }): Uint8Array {
  const { address, length } = range;
  return memory.allows("read", range) ? memory.part(address, length).slice() : NOTHING;
}

const NOTHING = new Uint8Array();

/** The registers in a trap frame. */
export type TrapRegisters = Pick<
  ReturnType<typeof TrapFrame.read>,
  "rip" | "cs" | "rflags" | "rsp" | "ss"
>;

/** The registers at the trap that ended a guest; undefined if no trap did. */
export function trapRegisters(outcome: Outcome, memory: GuestView): TrapRegisters | undefined {
  if (outcome.kind !== "fault" || outcome.frame === undefined) return undefined;
  const { rip, cs, rflags, rsp, ss } = TrapFrame.read(memory.at(outcome.frame, TrapFrame.size), 0);
  return { rip, cs, rflags, rsp, ss };
}
