/**
 * What Solo5's tenders call a guest's faults. Scripts look for these words.
 *
 * @module
 */
import { describe, type FaultReason, type Outcome } from "../../tender/outcome.ts";

/** Their words, which stand before this project's. */
const WORDS: Partial<Record<FaultReason, string>> = {
  "emulation": "KVM: internal error exit",
  "halted": "KVM: unhandled exit",
  "hypercall": "Invalid guest access",
  "mmio": "KVM: unhandled exit",
  "port": "Invalid guest port access",
  "triple-fault": "KVM: unhandled exit",
};

/** The line about an outcome, where there is something to say: Solo5's words, then this project's. */
export function faultWords(outcome: Outcome): string | undefined {
  const message = describe(outcome);
  const words = outcome.kind === "fault" ? WORDS[outcome.reason] : undefined;
  return words === undefined ? message : `${words}: ${message}`;
}
