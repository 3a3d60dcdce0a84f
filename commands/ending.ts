/**
 * How this process ends as its guest did.
 *
 * @module
 */
import type { CommandLine } from "../tender/guest.ts";
import { type Outcome, statusOf } from "../tender/outcome.ts";

/** Who runs a guest, if not `soloden`. */
export interface LaunchOptions {
  /** The name that the line about a fault begins with. */
  readonly program?: string;
  /** Makes the rest of the line, where there is something to say. */
  readonly describe?: (outcome: Outcome) => string | undefined;
  /** The command line that `ps` shows for a guest that is a process. */
  readonly line?: CommandLine;
}

/** The end of a run: its outcome, and a line for people, where there is something to say. */
export interface Ended {
  readonly outcome: Outcome;
  readonly message: string | undefined;
}

/** Prints the line, and sets the exit status of this process. */
export function endAs(program: string, { outcome, message }: Ended): void {
  if (message !== undefined) console.error(`${program}: ${message}`);
  Deno.exitCode = statusOf(outcome);
}
