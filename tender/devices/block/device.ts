/**
 * Block devices: a file or a block device of the host, read and written a block at a time.
 *
 * @module
 */
import { TenderError } from "../../error.ts";
import { bytesOf, type Size } from "../../size.ts";

/**
 * What a guest's writes do: reach the storage, fail, or go to a private copy that is dropped when the
 * guest ends.
 */
export type Access = "rw" | "ro" | "overlay";

/** A block device to attach. */
export interface BlockDevice {
  /** The kind of device. */
  readonly type: "BLOCK_BASIC";
  /** The file or block device of the host. */
  readonly path: string;
  /** In bytes: a power of two from 512 to {@linkcode MAX_BLOCK_SIZE}. */
  readonly blockSize: number;
  /** What the guest's writes do. */
  readonly access: Access;
}

/** Properties of a block device. */
export interface BlockProperties {
  readonly type: "BLOCK_BASIC";
  /** In bytes, a multiple of the block size. */
  readonly capacity: number;
  /** In bytes. */
  readonly blockSize: number;
}

/** Block size when none is given, in bytes (section 6). */
export const DEFAULT_BLOCK_SIZE = 512;
/** Largest block size that a manifest's 16-bit field can hold as a power of two, in bytes. */
export const MAX_BLOCK_SIZE = 0x8000;

/** Makes block devices. */
export const block: BlockMaker = { file: fileBlock };

/** See {@linkcode block}. */
export interface BlockMaker {
  /**
   * A file or block device of the host.
   *
   * @param options `blockSize`: a power of two from 512 bytes to 32 KiB, 512 if not given; `access`: `"rw"` if
   * not given
   * @throws {TenderError} "device" or "option" if the block size is invalid
   */
  file(path: string, options?: { blockSize?: Size; access?: Access }): BlockDevice;
}

function fileBlock(
  path: string,
  options: { blockSize?: Size; access?: Access } = {},
): BlockDevice {
  const { access = "rw" } = options;
  const blockSize = bytesOf(options.blockSize ?? DEFAULT_BLOCK_SIZE, "blockSize");
  if (!isBlockSize(blockSize)) {
    throw new TenderError(
      "device",
      `Block size must be a multiple of 2 greater than or equal 512, at most ${MAX_BLOCK_SIZE}: ${blockSize}`,
    );
  }
  return { type: "BLOCK_BASIC", path, blockSize, access };
}

/** Whether a number of bytes is a valid block size. */
export function isBlockSize(size: number): boolean {
  const power = Number.isInteger(Math.log2(size));
  return power && size >= DEFAULT_BLOCK_SIZE && size <= MAX_BLOCK_SIZE;
}
