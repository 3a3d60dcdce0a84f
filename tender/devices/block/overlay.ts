/**
 * Overlays of block devices: a guest's writes go to a copy, block by block, and never to the storage.
 * The written blocks can be saved, and restored into another overlay of the same storage.
 *
 * @module
 */
import { RESULT } from "../../../abi/solo5.ts";
import { TenderError } from "../../error.ts";
import type { GuestBytes, OpenDevice, Result } from "../kind.ts";
import type { BlockProperties } from "./device.ts";

/** Reads and writes blocks. */
export type Transfers = Pick<OpenDevice, "descriptors" | "read" | "write">;

/** Consecutive whole blocks, from an offset in bytes on. */
export interface Run {
  readonly offset: number;
  readonly data: GuestBytes;
}

/** A device that keeps the blocks that were written. */
export interface Overlay extends Transfers {
  /**
   * All blocks that were written.
   *
   * @throws {TenderError} "device" if they cannot be read
   */
  written(): Run[];
}

/** Makes an overlay: written blocks are in `copy`, all others in `base`. */
export function overlay(
  { base, copy }: { base: Transfers; copy: Transfers },
  { capacity, blockSize }: BlockProperties,
): Overlay {
  // A bit for each block. The kernel allocates it as it is touched, so a large base delays no start.
  const written = new Uint8Array(Math.ceil(capacity / blockSize / 8));
  return {
    descriptors: [...base.descriptors, ...copy.descriptors],
    read: (data, offset) => (has(written, offset / blockSize) ? copy : base).read(data, offset),
    write(data, offset): Result {
      const result = copy.write(data, offset);
      const block = offset / blockSize;
      if (result === RESULT.OK) written[Math.floor(block / 8)]! |= 1 << block % 8;
      return result;
    },
    written: () =>
      Array.from(runs(written), ({ start, end }) => {
        const offset = start * blockSize;
        const data = new Uint8Array((end - start) * blockSize);
        if (copy.read(data, offset) < 0) throw new TenderError("device", "cannot read an overlay");
        return { offset, data };
      }),
  };
}

function has(bits: Uint8Array, index: number): boolean {
  return (bits[Math.floor(index / 8)]! >> index % 8 & 1) === 1;
}

/** The runs of set bits, from `start` up to but not including `end`. */
function* runs(bits: Uint8Array): Generator<{ start: number; end: number }> {
  for (let byte = 0; byte < bits.length; byte++) {
    // Skips most of a large disk.
    if (bits[byte] === 0) continue;
    for (let start = 8 * byte; start < 8 * byte + 8; start++) {
      if (!has(bits, start)) continue;
      let end = start + 1;
      while (has(bits, end)) end++;
      yield { start, end };
      start = end;
      byte = Math.floor(end / 8);
    }
  }
}
