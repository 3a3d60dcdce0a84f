/**
 * How targets refuse the options that they do not have.
 *
 * @module
 */
import type { TenderError } from "./error.ts";

/** Why options are refused, by their names in the library. */
export type Reasons = Readonly<Record<string, string>>;

/** Makes the error about an option. */
export type Refusal = (option: string, reason: string) => TenderError;

/**
 * Refuses the options that a program gives and that there are reasons against.
 *
 * @throws {TenderError} what `refusal` makes of the first
 */
export function refuseGiven(
  options: object,
  { reasons, refusal }: { reasons: Reasons; refusal: Refusal },
): void {
  const given: Readonly<Record<string, unknown>> = { ...options };
  for (const [name, reason] of Object.entries(reasons)) {
    if (given[name] !== undefined) throw refusal(name, reason);
  }
}

/** The option of a word of the command line, without what follows it: `--trace` of `--trace=FILE`. */
export function optionOf(word: string): string {
  return /^--[a-z-]+/.exec(word)![0];
}
