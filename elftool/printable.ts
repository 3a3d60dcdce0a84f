/**
 * Makes untrusted text, from files and command lines, safe to print: escapes whatever controls a
 * terminal, changes the order of characters, or ends a line.
 *
 * @module
 */

/** Control characters except the tab, invisible characters, line ends, unpaired surrogates. */
const UNSEEN = /[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text in which each of these characters is written as `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** A value as one line of JSON in which every character is visible. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""));
}
