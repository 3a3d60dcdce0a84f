/**
 * Bytes without their long runs of zeros, which make up half of an image.
 *
 * @module
 */

/** Bytes, as runs at their offsets; all between them is zero. */
export interface Runs {
  /** In bytes. */
  readonly size: number;
  /** Ascending by offset. */
  readonly runs: readonly (readonly [offset: number, bytes: Uint8Array])[];
}

/** Shorter runs of zeros cost more to leave out than to keep. */
const GAP = 32;

/** Leaves out the long runs of zeros. */
export function toRuns(bytes: Uint8Array): Runs {
  const runs: [number, Uint8Array][] = [];
  let start = -1;
  let end = 0;
  bytes.forEach((byte, at) => {
    if (byte === 0) return;
    if (start >= 0 && at - end > GAP) {
      runs.push([start, bytes.slice(start, end)]);
      start = -1;
    }
    if (start < 0) start = at;
    end = at + 1;
  });
  if (start >= 0) runs.push([start, bytes.slice(start, end)]);
  return { size: bytes.length, runs };
}

/** The bytes that {@linkcode toRuns} was given. */
export function fromRuns({ size, runs }: Runs): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (const [offset, run] of runs) bytes.set(run, offset);
  return bytes;
}
