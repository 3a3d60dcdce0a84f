/**
 * Guest memory in pieces, one behind the other, as requests of virtio name it.
 *
 * @module
 */
import type { GuestBytes } from "./kind.ts";

/** The bytes of several pieces, one behind the other, without the first `skip`. */
export function gather(pieces: readonly GuestBytes[], skip = 0): GuestBytes {
  const bytes = new Uint8Array(Math.max(0, sizeOf(pieces) - skip));
  let at = -skip;
  for (const piece of pieces) {
    if (at + piece.length > 0) bytes.set(at < 0 ? piece.subarray(-at) : piece, Math.max(at, 0));
    at += piece.length;
  }
  return bytes;
}

/**
 * Writes bytes into several pieces, one behind the other; what does not fit is lost.
 *
 * @returns how many were written
 */
export function scatter(pieces: readonly GuestBytes[], bytes: Uint8Array): number {
  let done = 0;
  for (const piece of pieces) {
    const part = bytes.subarray(done, done + piece.length);
    piece.set(part);
    done += part.length;
  }
  return done;
}

/** How many bytes pieces have together. */
export function sizeOf(pieces: readonly GuestBytes[]): number {
  return pieces.reduce((size, { length }) => size + length, 0);
}
