/**
 * Frames for the guests that send each back to where it came from.
 *
 * @module
 */
import { deepEqual } from "node:assert/strict";

const [TO, FROM, PAYLOAD] = [0, 6, 12];
/** Size of a frame's header in bytes. */
export const HEADER = 14;

/** A frame of some bytes, from 02… to 52…, with a payload that its size determines. */
export function frame(size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, at) => at * 31 + size);
  bytes.set([0x52, 1, 2, 3, 4, 5, 0x02, 1, 2, 3, 4, 6]);
  return bytes;
}

/** The frame that ends such a guest. */
export const QUIT: Uint8Array = new Uint8Array(HEADER + 1).fill("q".charCodeAt(0), HEADER);

/** Checks that a frame is another one that was sent back. */
export function checkEcho(echo: Uint8Array, sent: Uint8Array): void {
  const swapped = [...sent.subarray(FROM, PAYLOAD), ...sent.subarray(TO, FROM)];
  deepEqual(echo, Uint8Array.of(...swapped, ...sent.subarray(PAYLOAD)));
}
