/**
 * Block devices at work: whole blocks straight between storage and the memory they are for.
 *
 * @module
 */
import { RESULT } from "../../../abi/solo5.ts";
import { TenderError } from "../../error.ts";
import { openDescriptor } from "../../../linux/descriptor.ts";
import { closeDescriptor, errorText, SystemError } from "../../../linux/libc.ts";
import { sparseFile } from "../../../linux/memory.ts";
import { readAt, sizeOf, writeAt } from "../../../linux/transfer.ts";
import type { OpenDevice, ServedKind } from "../kind.ts";
import type { Result } from "../result.ts";
import type { BlockDevice, BlockProperties } from "./device.ts";
import { checkCapacity, checkStorage } from "./storage.ts";

/** See {@linkcode ServedKind}. */
export const servedBlock: ServedKind<BlockDevice, BlockProperties> = { open };

function open(device: BlockDevice): OpenDevice<BlockProperties> {
  using undo = new DisposableStack();
  const fd = undo.adopt(openStorage(device), closeDescriptor);
  const capacity = checkCapacity(device, sizeOf(fd, device.path));
  const { type, blockSize, access } = device;
  const properties: BlockProperties = { type, capacity, blockSize };
  const transfers = access === "overlay"
    ? overlay(fd, undo.adopt(sparseFile("overlay", capacity), closeDescriptor), properties)
    : direct(fd);
  const kept = undo.move();
  return {
    properties,
    hypercalls: { read: "block_read", write: "block_write" },
    // One whole block.
    accepts: (offset, length) =>
      length === blockSize && offset % blockSize === 0 && offset <= capacity - length,
    ...transfers,
    [Symbol.dispose]: () => kept.dispose(),
  };
}

type Transfers = Pick<OpenDevice, "descriptors" | "read" | "write">;

/** All requests go to the storage; where it was opened to be read only, the kernel refuses the others. */
function direct(fd: number): Transfers {
  return {
    descriptors: [fd],
    read: (data, offset) => readAt(fd, data, { offset }) ? data.length : -RESULT.EUNSPEC,
    write: (data, offset) => writeAt(fd, data, { offset }) ? RESULT.OK : RESULT.EUNSPEC,
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
  const own = direct(copy);
  const theirs = direct(base);
  return {
    descriptors: [base, copy],
    read(data, offset) {
      const block = offset / blockSize;
      const isWritten = (written[Math.floor(block / 8)]! >> block % 8 & 1) === 1;
      return (isWritten ? own : theirs).read(data, offset);
    },
    write(data, offset): Result {
      const result = own.write(data, offset);
      const block = offset / blockSize;
      if (result === RESULT.OK) written[Math.floor(block / 8)]! |= 1 << block % 8;
      return result;
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
