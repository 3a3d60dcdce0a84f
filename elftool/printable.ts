/**
 * Text from files and command lines that nobody vouches for, made fit to be shown: with nothing in it
 * that a terminal obeys, and nothing that makes a reader see another order or another line.
 *
 * @module
 */

/** Control characters but for the tab, characters that are not seen, ends of lines, halves of pairs. */
const UNSEEN = /[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text with each character that is not seen written as `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** A value as one line of JSON in which every character is seen. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
    ).join(""));
}
