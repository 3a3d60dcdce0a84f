/**
 * What is left of a guest that crashed: taken from its machine before that is gone, to be explained
 * after.
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
  /** Its stack from the stack pointer on, as far as it is of interest. */
  readonly stack: Uint8Array;
  readonly trap?: TrapReport;
}

/** A trap that the guest reported. */
export interface TrapReport {
  /** Address of a page fault; 0 for other traps. */
  readonly cr2: bigint;
  readonly errorCode: bigint;
  /** What the guest printed of it, where that is still in its memory. */
  readonly report: string;
}

/** How much of a stack is kept, in bytes. */
const STACK_SIZE = 2048;
/** How much is kept of the stack on which a guest reports a trap, in bytes. */
const REPORT_SIZE = 1024;

/** Takes what is left of a guest that gave up or broke; undefined of any other. */
export function remainsOf(outcome: Outcome, machine: EndedMachine): Remains | undefined {
  // Where the guest stood says nothing of a host that failed.
  const crashed = outcome.kind === "abort" ||
    outcome.kind === "fault" && outcome.reason !== "host";
  if (!crashed) return undefined;
  const { memory } = machine;
  const registers = machine.registers();
  if (outcome.kind === "fault" && outcome.frame !== undefined) {
    // The address of a frame was checked when the guest gave it.
    const { cr2, ec, rip, rsp, rflags } = TrapFrame.read(memory.view, outcome.frame);
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
  const length = Math.min(STACK_SIZE, Math.max(memory.bytes.length - address, 0));
  return copy(memory, { address, length });
}

/** Bytes of guest memory; none where the guest could not read all of them. */
function copy(memory: GuestView, range: { address: number; length: number }): Uint8Array {
  const { address, length } = range;
  return memory.allows("read", range) ? memory.bytes.slice(address, address + length) : NOTHING;
}

const NOTHING = new Uint8Array();

/** What a trap frame holds of a CPU. */
export type TrapRegisters = Pick<
  ReturnType<typeof TrapFrame.read>,
  "rip" | "cs" | "rflags" | "rsp" | "ss"
>;

/** The registers at the trap that ended a guest; undefined if none did. */
export function trapRegisters(outcome: Outcome, memory: GuestView): TrapRegisters | undefined {
  if (outcome.kind !== "fault" || outcome.frame === undefined) return undefined;
  const { rip, cs, rflags, rsp, ss } = TrapFrame.read(memory.view, outcome.frame);
  return { rip, cs, rflags, rsp, ss };
}
