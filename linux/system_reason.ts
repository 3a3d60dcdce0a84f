/**
 * What the system says of a failure, as a line of ours says it.
 *
 * @module
 */

/** What Deno appends to it: the number of the error, the call and its paths. */
const APPENDED = / \(os error \d+\).*$|: \w+ '.*$/s;

/**
 * The system's own words in an error that Deno throws: `No such file or directory` of
 * `No such file or directory (os error 2): open 'a'`.
 *
 * @throws {unknown} what is thrown, if it is no error
 */
export function systemReason(thrown: unknown): string {
  if (!(thrown instanceof Error)) throw thrown;
  return thrown.message.replace(APPENDED, "");
}
