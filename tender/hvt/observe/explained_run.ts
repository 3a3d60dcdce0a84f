/**
 * A run for a person: with what they asked to see of it, and an ending that explains itself. What
 * neither needs is not loaded.
 *
 * @module
 */
import type { Guest } from "../../guest.ts";
import { describe, type Outcome } from "../../outcome.ts";
import { runHvt } from "../vm.ts";
import { observeEnding } from "./ending.ts";
import { holdMachine } from "./hold_machine.ts";
import type { ObservedRun } from "./run_observed.ts";

/** How to run a guest for a person. */
export interface ExplainedRun {
  /** The unikernel's file, for its symbols. */
  readonly bytes: Uint8Array;
  /** As `GuestRequest.observe`. */
  readonly observe: readonly string[];
  /** As `GuestRequest.hold`. */
  readonly hold: readonly string[];
  /** What lines about the run begin with; `soloden` if not given. */
  readonly program?: string;
}

/**
 * Runs a guest to its end.
 *
 * @returns the outcome, and the line that tells a person of it
 * @throws {TenderError} if this host cannot run it, does not have a device as asked, or an option is
 * wrong
 */
export async function explainedRun(
  guest: Guest,
  { bytes, observe, hold, program = "soloden" }: ExplainedRun,
): Promise<{ outcome: Outcome; message: string | undefined }> {
  const ending = observeEnding();
  // Once it is confined, this process can load nothing more.
  const { explain } = await import("./explain.ts");
  using held = await holdMachine(hold);
  const outcome = observe.length === 0
    ? runHvt(guest, undefined, { observers: [ending, ...held.observers], begin: held.begin })
    : await runSeen(guest, { bytes, observe, observers: [ending], held, program });
  const { remains } = ending;
  if (remains === undefined) return { outcome, message: describe(outcome) };
  return { outcome, message: explain({ outcome, remains, unikernel: guest.unikernel, bytes }) };
}

async function runSeen(
  guest: Guest,
  { observe, ...parts }: Pick<ExplainedRun, "observe"> & Omit<ObservedRun, "observation">,
): Promise<Outcome> {
  const { readObservation } = await import("../../observation.ts");
  const observation = readObservation(observe, guest);
  const { runObserved } = await import("./run_observed.ts");
  return await runObserved(guest, { observation, ...parts });
}
