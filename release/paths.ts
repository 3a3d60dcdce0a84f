/**
 * Where things are in this checkout.
 *
 * @module
 */
import { join } from "node:path";

/** A path of the checkout as an absolute one. */
export function fromRoot(path: string): string {
  return join(import.meta.dirname!, "..", path);
}

/** Where task `build` puts the bundle. */
export const BUNDLE: string = fromRoot("dist/soloden.js");

/** Where task `compile` puts the executable. */
export const EXECUTABLE: string = fromRoot("dist/soloden");
