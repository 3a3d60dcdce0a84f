/**
 * Words in what a shell is to read: scripts that are installed, commands that are told.
 *
 * @module
 */

/** A word as a shell takes it for one. */
export function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
