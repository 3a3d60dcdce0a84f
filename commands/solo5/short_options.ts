/**
 * Options of one letter, as getopt(1) reads them for a shell script: `-m 64`, `-m64`, `-qm64`. They end
 * before the first word that is none, or after `--`.
 *
 * @module
 */

/** A command line that was read. */
export interface ShortOptions {
  /** Letters with their values, in order; a letter without a value has an empty one. */
  readonly options: readonly (readonly [letter: string, value: string])[];
  readonly operands: readonly string[];
}

/**
 * Reads options.
 *
 * @param letters those that there are, each with a colon behind it if it takes a value
 * @returns undefined for an option that there is not, or one without its value
 */
export function readShortOptions(
  words: readonly string[],
  letters: string,
): ShortOptions | undefined {
  const options: [string, string][] = [];
  let next = 0;
  for (; next < words.length; next++) {
    const word = words[next]!;
    if (word === "--") return { options, operands: words.slice(next + 1) };
    if (!word.startsWith("-") || word === "-") break;
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!;
      const known = letter === ":" ? -1 : letters.indexOf(letter);
      if (known < 0) return undefined;
      if (letters[known + 1] !== ":") {
        options.push([letter, ""]);
        continue;
      }
      const value = word.slice(at + 1) || words[++next];
      if (value === undefined) return undefined;
      options.push([letter, value]);
      break;
    }
  }
  const operands = words.slice(next);
  return { options, operands: operands[0] === "--" ? operands.slice(1) : operands };
}
