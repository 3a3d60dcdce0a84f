/**
 * Ends this process as its guest ended.
 *
 * @module
 */
import type { CommandLine } from "../tender/guest.ts";
import { type Outcome, statusOf } from "../tender/outcome.ts";

/** How a guest is run, if not by `soloden`. */
export interface LaunchOptions {
  /** The program's name, with which the line about a fault begins. */
  readonly program?: string;
  /** Writes the rest of that line; undefined if there is nothing to say. */
  readonly describe?: (outcome: Outcome) => string | undefined;
  /** The command line that `ps` shows for a guest that is a process. */
  readonly line?: CommandLine;
}

/** The end of a run: its outcome, and a line for people; undefined if there is nothing to say. */
export interface Ended {
  readonly outcome: Outcome;
  readonly message: string | undefined;
}

/** Prints the line, and sets the exit status of this process. */
export function endAs(program: string, { outcome, message }: Ended): void {
  if (message !== undefined) console.error(`${program}: ${message}`);
  Deno.exitCode = statusOf(outcome);
}
