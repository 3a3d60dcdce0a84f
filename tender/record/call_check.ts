/**
 * A checksum of what a guest asks by a call of solo5.h. It is the same whatever the target is, so that a
 * recording of one can be replayed on another: addresses are not in it.
 *
 * @module
 */
import { Hash } from "./hash.ts";
import type { InputKind } from "./inputs.ts";

/** The calls that every target has alike. */
const NUMBERS = { wall: 1, console: 2, read: 3, write: 4 } as const;

/** What such a call asks. */
export interface AskedCall {
  /** How many bytes it moves; 0 for a clock. */
  readonly size: number;
  /** Where in a block device, in bytes; 0 for others. */
  readonly offset: number;
  /** What it hands over; undefined if it hands over nothing, or what cannot be read. */
  readonly data?: Uint8Array;
}

/** The checksum; undefined for what not every target has. */
export function callCheck(
  kind: InputKind,
  { size, offset, data }: AskedCall,
): Hash | undefined {
  if (!Object.hasOwn(NUMBERS, kind)) return undefined;
  const hash = new Hash().word(NUMBERS[kind as keyof typeof NUMBERS]).word(size);
  hash.word(offset).word(Math.floor(offset / 2 ** 32));
  return data === undefined ? hash : hash.bytes(data);
}

/**
 * Adds to the checksum of all that a guest has asked what it asks now.
 *
 * @param check that of the call, which holds the data that the call hands over
 * @returns what the input is checked by: 16 bits of that of the call, where there is one
 */
export function addCheck(hash: Hash, check: Hash | undefined): number {
  if (check === undefined) return hash.low & 0xffff;
  hash.word(check.low).word(check.high);
  return check.low & 0xffff;
}
