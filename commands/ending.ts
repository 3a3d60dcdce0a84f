/**
 * How a run's end becomes that of this process.
 *
 * @module
 */
import type { CommandLine } from "../tender/guest.ts";
import { type Outcome, statusOf } from "../tender/outcome.ts";

/** Which program a guest is run by, where that is not `soloden`. */
export interface LaunchOptions {
  /** What the line about a fault begins with. */
  readonly program?: string;
  /** What the line says. */
  readonly describe?: (outcome: Outcome) => string | undefined;
  /** The command line that a guest's own process shows, where it has one. */
  readonly line?: CommandLine;
}

/** What an ended run comes to for a person: a line, where there is something to say, and a status. */
export interface Ended {
  readonly outcome: Outcome;
  readonly message: string | undefined;
}

/** Ends as a guest did: says what there is to say, and leaves its status for the exit. */
export function endAs(program: string, { outcome, message }: Ended): void {
  if (message !== undefined) console.error(`${program}: ${message}`);
  Deno.exitCode = statusOf(outcome);
}
