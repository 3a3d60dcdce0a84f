/**
 * The registers of a guest's trap: when a trap ends a guest, its CPU is in the code that reported it,
 * and what matters is where the trap happened.
 *
 * @module
 */
import { TrapFrame } from "../../abi/hvt.ts";
import type { Outcome } from "../outcome.ts";
import type { GuestView } from "../hvt/guest_view.ts";

/** What a trap frame holds of a CPU. */
export type TrapRegisters = Pick<
  ReturnType<typeof TrapFrame.read>,
  "rip" | "cs" | "rflags" | "rsp" | "ss"
>;

/** The registers at the trap that ended a guest; undefined if none did. */
export function trapRegisters(outcome: Outcome, memory: GuestView): TrapRegisters | undefined {
  if (outcome.kind !== "abort" || outcome.trap === 0) return undefined;
  const { rip, cs, rflags, rsp, ss } = TrapFrame.read(memory.view, outcome.trap);
  return { rip, cs, rflags, rsp, ss };
}
