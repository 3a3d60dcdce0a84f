/**
 * A tender's words for the scanner of options. Help needs none of it, nor what the tender reads them by.
 *
 * @module
 */
import { splitOptions } from "./guest_words.ts";

/**
 * A command line of a tender as the scanner reads it: what follows the unikernel is the guest's, and
 * `--net:NAME=VALUE` is an option `net` with the value `NAME=VALUE`.
 */
export function guestFlags(words: readonly string[]): string[] {
  const { options, rest } = splitOptions(words);
  const flags = options.flatMap((option) => {
    const [, name, value] = /^--([a-z-]+):(.*)$/s.exec(option) ?? [];
    return name === undefined ? option : [`--${name}`, value!];
  });
  return rest.length === 0 ? flags : [...flags, "--", ...rest];
}
