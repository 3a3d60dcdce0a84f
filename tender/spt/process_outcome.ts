/**
 * How a guest ended that is a process of its own.
 *
 * @module
 */
import { EXIT } from "../../abi/solo5.ts";
import { type Outcome, signalOutcome } from "../outcome.ts";

/** The end of a process: its status, or the signal that ended it. */
export type ProcessEnd =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: number };

/**
 * Reads how a guest's process ended.
 *
 * @param complaint what is on its standard error: the launch wrote it, since the guest has none
 */
export function processOutcome(end: ProcessEnd, complaint: string): Outcome {
  if (end.kind === "killed") return signalOutcome(end.signal);
  const message = complaint.trim();
  if (message !== "") return { kind: "fault", fault: "host", reason: "host", message };
  return end.status === EXIT.ABORT ? { kind: "abort" } : { kind: "exit", status: end.status };
}
