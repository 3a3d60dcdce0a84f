/**
 * The address of standard input.
 *
 * @module
 */

/** A snapshot goes on with devices that have the addresses that it knows, so it is always the same. */
export const INPUT_MAC = "02:73:74:64:69:6e";
