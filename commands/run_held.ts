/**
 * Running a guest of spt for the command where it is held to limits: as a child of this process, which
 * takes it along when it is ended itself.
 *
 * @module
 */
import type { Guest } from "../tender/guest.ts";
import type { Limits } from "../tender/holding.ts";
import type { Outcome } from "../tender/outcome.ts";
import { run } from "../tender/run.ts";

/** Signals that end the guest together with this process. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * Runs a guest to its end, or to a limit.
 *
 * @throws {TenderError} as {@linkcode run} does
 */
export async function runHeld(guest: Guest, limits: Limits): Promise<Outcome> {
  const stop = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([name, signal]) =>
    [name as Deno.Signal, () => stop.abort({ kind: "signal", signal })] as const
  );
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  try {
    const outcome = await run(guest, { limits, signal: stop.signal });
    return stop.signal.aborted ? stop.signal.reason as Outcome : outcome;
  } finally {
    for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
  }
}
