/**
 * What the protocol's package takes from its surroundings, in a bundle: there, this stands in for a module of
 * the package that brings a validator along which compiles code.
 *
 * @module
 */

/** Validates nothing: only requests that this server never makes would need it. */
export class DefaultJsonSchemaValidator {
  /** @throws {Error} always */
  getValidator(): never {
    throw new Error("nothing is validated here");
  }
}

/** The streams that a transport has unless it is given others, as it always is here. */
export const process = {} as const;
