/**
 * Block devices at work: whole blocks straight between storage and the memory they are for.
 *
 * @module
 */
import { RESULT } from "../../abi/solo5.ts";
import { TenderError } from "../error.ts";
import { openDescriptor } from "../../linux/descriptor.ts";
import { closeDescriptor, errorText, SystemError } from "../../linux/libc.ts";
import { sparseFile } from "../../linux/memory.ts";
import { readAt, sizeOf, writeAt } from "../../linux/transfer.ts";
import { type BlockDevice, checkCapacity } from "./block.ts";
import type { BlockProperties } from "./device.ts";
import type { Result } from "./result.ts";
import { checkStorage } from "./storage.ts";

/** An open block device. Requests are for one block, aligned and within the capacity: the caller checks. */
export interface OpenBlock extends Disposable {
  readonly properties: BlockProperties;
  /** What it reads and writes. */
  readonly descriptors: readonly number[];
  /** Fills `data`, all of it or EUNSPEC. `offset` is in bytes. */
  read(offset: number, data: Uint8Array<ArrayBuffer>): Result;
  /** Stores `data`, all of it or EUNSPEC. `offset` is in bytes. */
  write(offset: number, data: Uint8Array<ArrayBuffer>): Result;
}

/**
 * Opens a block device.
 *
 * @throws {TenderError} if its storage cannot be opened, or is of no fitting size
 */
export function openBlock(device: BlockDevice): OpenBlock {
  using undo = new DisposableStack();
  const fd = undo.adopt(openStorage(device), closeDescriptor);
  const capacity = checkCapacity(device, sizeOf(fd, device.path));
  const { blockSize, access } = device;
  const properties = { type: device.type, capacity, blockSize } as const;
  const open = access === "overlay"
    ? overlay(fd, undo.adopt(sparseFile("overlay", capacity), closeDescriptor), properties)
    : direct(fd);
  const kept = undo.move();
  return { properties, ...open, [Symbol.dispose]: () => kept.dispose() };
}

type Transfers = Pick<OpenBlock, "descriptors" | "read" | "write">;

/** All requests go to the storage; where it was opened to be read only, the kernel refuses the others. */
function direct(fd: number): Transfers {
  return {
    descriptors: [fd],
    read: (offset, data) => outcome(readAt(fd, data, { offset })),
    write: (offset, data) => outcome(writeAt(fd, data, { offset })),
  };
}

/** Blocks that were written live in `copy`, the others still in `base`. */
function overlay(
  base: number,
  copy: number,
  { capacity, blockSize }: BlockProperties,
): Transfers {
  // A bit for each block, given out by the kernel as it is touched, so that a large base costs no start-up.
  const written = new Uint8Array(Math.ceil(capacity / blockSize / 8));
  return {
    descriptors: [base, copy],
    read: (offset, data) => {
      const block = offset / blockSize;
      const isWritten = (written[Math.floor(block / 8)]! >> block % 8 & 1) === 1;
      return outcome(readAt(isWritten ? copy : base, data, { offset }));
    },
    write: (offset, data) => {
      if (!writeAt(copy, data, { offset })) return RESULT.EUNSPEC;
      const block = offset / blockSize;
      written[Math.floor(block / 8)]! |= 1 << block % 8;
      return RESULT.OK;
    },
  };
}

function openStorage({ path, access }: BlockDevice): number {
  checkStorage(path);
  try {
    return openDescriptor(path, { readOnly: access !== "rw" });
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const reason = errorText(error.errno);
    throw new TenderError("device", `Could not open block device: ${path}: ${reason}`);
  }
}

function outcome(done: boolean): Result {
  return done ? RESULT.OK : RESULT.EUNSPEC;
}
