/**
 * The file names of unikernels, for advice and completions.
 *
 * @module
 */
import { PACKED, RUN } from "./targets.fixed.ts";

/** Matches the names of unikernels that run here. */
export const RUN_NAME: RegExp = endingIn(RUN);

/** Matches the names of those that can be packed. */
export const PACKED_NAME: RegExp = endingIn(PACKED);

function endingIn(endings: readonly string[]): RegExp {
  return new RegExp(`(${endings.map((ending) => `\\${ending}`).join("|")})$`);
}
