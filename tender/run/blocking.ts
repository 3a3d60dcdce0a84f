/**
 * The driver of the command: it blocks where the guest waits.
 *
 * @module
 */
import type { Outcome } from "../outcome.ts";
import type { Steps } from "./run.ts";

/** Runs a guest to its end. */
export function runBlocking(steps: Steps): Outcome {
  for (;;) {
    const stop = steps.step();
    if (stop.kind === "ended") return stop.outcome;
    if (stop.kind === "wait") steps.wait(stop);
  }
}
