/**
 * Quotes words for a shell: in scripts that are installed, and in commands that are printed.
 *
 * @module
 */

/** A word, quoted where a shell needs it. */
export function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
