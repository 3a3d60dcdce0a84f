/**
 * A run for a person: with what they asked to see of it, and an ending that explains itself. What
 * neither needs is not loaded.
 *
 * @module
 */
import type { CoreFile } from "../tender/crash.ts";
import type { Ended } from "./ending.ts";
import type { Guest } from "../tender/guest.ts";
import { describe, type Outcome } from "../tender/outcome.ts";
import type { Observer } from "../tender/hvt/observer.ts";
import { runHvt } from "../tender/hvt/vm.ts";
import { observeEnding } from "../tender/hvt/observe/ending.ts";
import { type HeldMachine, holdMachine } from "./held_machine.ts";
import { sayAtLast } from "./run_output.ts";
import type { ObservedRun } from "./observed_run.ts";

/** How to run a guest for a person. */
export interface ExplainedRun {
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
 * @returns the outcome, and the line that tells a person of it, unless it was told
 * @throws {TenderError} if this host cannot run it, does not have a device as asked, or an option is
 * wrong
 */
export async function explainedRun(
  guest: Guest,
  { observe, hold, program = "soloden" }: ExplainedRun,
): Promise<Ended> {
  const ending = observeEnding();
  // Once it is confined, this process can load nothing more.
  const { withCrash } = await import("../tender/hvt/observe/crash.ts");
  using held = await holdMachine(hold);
  const { outcome, core } = observe.length === 0
    ? { outcome: runHeld(guest, { ending, held }) }
    : await runSeen(guest, { observe, observers: [ending], held, program });
  if (core !== undefined) sayAtLast(`${program}: ${coreText(core)}`, held);
  const { unikernel } = guest;
  const explained = withCrash(outcome, { remains: ending.remains, core, unikernel });
  const message = describe(explained);
  if (outcome.kind !== "limit") return { outcome: explained, message };
  // Its time is over, and whoever should read this may be why.
  sayAtLast(`${program}: ${message}`, held);
  return { outcome, message: undefined };
}

function runHeld(
  guest: Guest,
  { ending, held }: { ending: Observer; held: HeldMachine },
): Outcome {
  return runHvt(guest, undefined, { observers: [ending, ...held.observers], begin: held.begin });
}

async function runSeen(
  guest: Guest,
  { observe, ...parts }: Pick<ExplainedRun, "observe"> & Omit<ObservedRun, "observation">,
): Promise<{ outcome: Outcome; core?: CoreFile }> {
  const { readObservation } = await import("./observe_words.ts");
  const observation = readObservation(observe, guest);
  const { runObserved } = await import("./observed_run.ts");
  return await runObserved(guest, { observation, ...parts });
}

function coreText({ path, error }: CoreFile): string {
  return error === undefined ? `core dumped: ${path}` : `cannot dump core: ${error}`;
}
