/**
 * The words of Solo5's tenders for a guest's faults. Scripts look for them.
 *
 * @module
 */
import { describe, type FaultReason, type Outcome } from "../../tender/outcome.ts";

/** Solo5's words, by this project's reasons. */
const WORDS: Partial<Record<FaultReason, string>> = {
  "emulation": "KVM: internal error exit",
  "halted": "KVM: unhandled exit",
  "hypercall": "Invalid guest access",
  "mmio": "KVM: unhandled exit",
  "port": "Invalid guest port access",
  "triple-fault": "KVM: unhandled exit",
};

/** The line about an outcome: Solo5's words, then this project's; undefined if there is nothing to say. */
export function faultWords(outcome: Outcome): string | undefined {
  const message = describe(outcome);
  const words = outcome.kind === "fault" ? WORDS[outcome.reason] : undefined;
  return words === undefined ? message : `${words}: ${message}`;
}
