/**
 * What is expensive to prepare, prepared when a test first asks for it: a run of other tests of the same
 * file does not wait for it.
 *
 * @module
 */

/** A function that calls `make` the first time, and gives that result every time. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
