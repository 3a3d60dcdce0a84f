/**
 * Open block devices: whole blocks go directly between the storage and guest memory.
 *
 * @module
 */
import { RESULT } from "../../../abi/solo5.ts";
import { TenderError } from "../../error.ts";
import { openDescriptor } from "../../../linux/descriptor.ts";
import { closeDescriptor, errorText, SystemError } from "../../../linux/libc.ts";
import { sparseFile } from "../../../linux/memory.ts";
import { readAt, sizeOf, writeAt } from "../../../linux/transfer.ts";
import type { GuestBytes, OpenDevice, ServedKind } from "../kind.ts";
import { checkState, type DeviceState, refusal } from "../state.ts";
import type { BlockDevice, BlockProperties } from "./device.ts";
import { overlay, type Run, type Transfers } from "./overlay.ts";
import { checkCapacity, checkStorage, pathOf } from "./storage.ts";

/** Version of {@linkcode BlockState}. */
const STATE_VERSION = 1;

/** The state of a block device, without its storage. */
export interface BlockState extends DeviceState<BlockProperties> {
  /** The blocks that were written to an overlay. */
  readonly written: readonly Run[];
}

/** See {@linkcode ServedKind}. */
export const servedBlock: ServedKind<BlockDevice, BlockProperties> = { open };

function open(device: BlockDevice): OpenDevice<BlockProperties> {
  using undo = new DisposableStack();
  const fd = undo.adopt(openStorage(device), closeDescriptor);
  const capacity = checkCapacity(device, sizeOf(fd, device.path));
  const { type, path, blockSize, access } = device;
  const properties: BlockProperties = { type, capacity, blockSize };
  const base = direct(fd);
  const own = access === "overlay"
    ? overlay(
      { base, copy: direct(undo.adopt(sparseFile("overlay", capacity), closeDescriptor)) },
      properties,
    )
    : undefined;
  const { descriptors, read, write } = own ?? base;
  // One whole block.
  const accepts = (offset: number, length: number) =>
    length === blockSize && offset % blockSize === 0 && offset <= capacity - length;
  const kept = undo.move();
  return {
    properties,
    hypercalls: { read: "block_read", write: "block_write" },
    descriptors,
    accepts,
    read,
    write,
    save: (): BlockState => ({
      version: STATE_VERSION,
      properties,
      written: own?.written() ?? [],
    }),
    restore(state) {
      checkState(state, { subject: path, version: STATE_VERSION, properties });
      const { written } = state as BlockState;
      if (written.length > 0 && own === undefined) {
        throw refusal(path, "that was an overlay; attach this one as an overlay, too");
      }
      for (const [offset, data] of blocksOf(written, blockSize)) {
        if (offset < 0 || !accepts(offset, data.length)) {
          throw refusal(path, `with a block at ${offset}`);
        }
        if (write(data, offset) !== RESULT.OK) {
          throw refusal(path, "that wrote more than fits here");
        }
      }
    },
    [Symbol.dispose]: () => kept.dispose(),
  };
}

/** All requests go to the storage; if it was opened read-only, the kernel refuses writes. */
function direct(fd: number): Transfers {
  return {
    descriptors: [fd],
    read: (data, offset) => readAt(fd, data, { offset }) ? data.length : -RESULT.EUNSPEC,
    write: (data, offset) => writeAt(fd, data, { offset }) ? RESULT.OK : RESULT.EUNSPEC,
  };
}

function* blocksOf(
  written: readonly Run[],
  size: number,
): Generator<[offset: number, data: GuestBytes]> {
  for (const { offset, data } of written) {
    for (let at = 0; at < data.length; at += size) {
      yield [offset + at, data.subarray(at, at + size)];
    }
  }
}

function openStorage(device: BlockDevice): number {
  const { path, access } = device;
  if (device.memory === undefined) checkStorage(path);
  try {
    return openDescriptor(pathOf(device), { readOnly: access !== "rw" });
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const reason = errorText(error.errno);
    throw new TenderError("device", `Could not open block device: ${path}: ${reason}`);
  }
}
