/**
 * Where the worker's code is. A bundle has the code itself in place of this module.
 *
 * @module
 */

/** The address of {@link ./schema_worker.ts}. */
export function workerUrl(): string {
  return import.meta.resolve("./schema_worker.ts");
}
