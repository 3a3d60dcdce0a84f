/**
 * Checks the storage of block devices, before it is opened: opening some other kinds of file would wait
 * for ever, or succeed and mean nothing.
 *
 * @module
 */
import { TenderError, type TenderProblem } from "../../error.ts";
import type { BlockDevice } from "./device.ts";
import { memoryPath } from "./memory_file.ts";
import { systemReason } from "../../../linux/system_reason.ts";

/**
 * Checks that a path leads to a file or to a block device of the host.
 *
 * @throws {TenderError} "device" naming the path and what it is instead
 */
export function checkStorage(path: string): void {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (error) {
    const message = `Could not open block device: ${path}: ${systemReason(error)}`;
    throw new TenderError("device", message, {
      problems: error instanceof Deno.errors.NotFound ? [{ kind: "no-storage", path }] : [],
    });
  }
  if (info.isFile || info.isBlockDevice) return;
  const kind = info.isDirectory ? "Is a directory" : "Neither a file nor a block device";
  throw new TenderError("device", `Could not open block device: ${path}: ${kind}`);
}

/**
 * Checks that storage of a size can be a block device.
 *
 * @param size of the storage, in bytes
 * @returns the capacity in bytes
 * @throws {TenderError}
 */
export function checkCapacity({ path, blockSize }: BlockDevice, size: number): number {
  const problems: TenderProblem[] = [{ kind: "storage-size", path, size, blockSize }];
  if (size % blockSize !== 0) {
    throw new TenderError(
      "device",
      `${path}: Backing storage size must be block aligned (${blockSize} bytes)`,
      { problems },
    );
  }
  if (size < blockSize) {
    throw new TenderError(
      "device",
      `${path}: Backing storage must be at least 1 block (${blockSize} bytes) in size`,
      { problems },
    );
  }
  return size;
}

/**
 * The path by which storage is opened.
 *
 * @throws {TenderError} "device" if it is in memory that was given back
 */
export function pathOf({ path, memory }: BlockDevice): string {
  return memory === undefined ? path : memoryPath(memory);
}

/**
 * The size of storage in bytes, by `lseek`, which works for files and for block devices.
 *
 * @throws {TenderError} "device" if it cannot be opened as a device would open it
 */
export function sizeOfStorage({ path, access, memory }: BlockDevice): number {
  if (memory !== undefined) return memory.size;
  checkStorage(path);
  try {
    using file = Deno.openSync(path, { read: true, write: access === "rw" });
    return file.seekSync(0, Deno.SeekMode.End);
  } catch (error) {
    const reason = systemReason(error);
    throw new TenderError("device", `Could not open block device: ${path}: ${reason}`);
  }
}
