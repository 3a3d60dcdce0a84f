/**
 * Prepares what is expensive when a test first asks for it, so that a run of other tests of the same
 * file does not wait for it.
 *
 * @module
 */

/** A function that calls `make` the first time, and gives that result every time. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
