/**
 * Paths in this checkout.
 *
 * @module
 */
import { join } from "node:path";

/** The absolute path of a path in the checkout. */
export function fromRoot(path: string): string {
  return join(import.meta.dirname!, "..", path);
}

/** The bundle, which task `build` writes. */
export const BUNDLE: string = fromRoot("dist/soloden.js");

/** The executable, which task `compile` writes. */
export const EXECUTABLE: string = fromRoot("dist/soloden");
