/**
 * Block devices: a file or a block device of the host, read and written a block at a time.
 *
 * @module
 */
import { TenderError, type TenderProblem } from "../error.ts";
import type { DeviceKind } from "./kind.ts";

/**
 * What a guest's writes do: reach the storage, fail, or go to a private copy that is dropped when the
 * guest ends.
 */
export type Access = "rw" | "ro" | "overlay";

/** A block device to attach. */
export interface BlockDevice {
  /** Tells it from other devices. */
  readonly type: "BLOCK_BASIC";
  /** The file or block device of the host. */
  readonly path: string;
  /** In bytes: a power of two from 512 to {@linkcode MAX_BLOCK_SIZE}. */
  readonly blockSize: number;
  /** What the guest's writes do. */
  readonly access: Access;
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
   * @param options `blockSize`: in bytes, 512 if not given; `access`: `"rw"` if not given
   * @throws {TenderError} if the block size is none
   */
  file(path: string, options?: { blockSize?: number; access?: Access }): BlockDevice;
}

/** What the command line says of block devices. */
export const blockKind: DeviceKind<BlockDevice> = {
  type: "BLOCK_BASIC",
  noun: "a block device",
  options: [
    {
      name: "block",
      value: "PATH[,ro|,overlay]",
      brief:
        "file or disk for the block device NAME; with ,ro its writes fail, with ,overlay they are dropped at the end",
      // An overlay is made at the start of each run, and a packed guest has nobody to make it.
      packed: {
        value: "PATH[,ro]",
        brief: "file or disk for the block device NAME; with ,ro its writes fail",
      },
      proposed: "file",
    },
    {
      name: "block-sector-size",
      value: "BYTES",
      brief: "block size of the block device NAME (default 512)",
      proposed: ["512", "4096"],
    },
  ],
  plainValue: "FILE",
  make(name, values) {
    const [, path, access] = /^(.*?)(?:,(ro|overlay))?$/s.exec(values.get("block")!)!;
    if (path === "") throw new TenderError("device", `--block:${name}: expected a path`);
    const size = values.get("block-sector-size");
    if (size !== undefined && !/^[0-9]{1,9}$/.test(size)) {
      throw new TenderError("device", `Not a block size: '${size}'`);
    }
    return fileBlock(path!, {
      blockSize: size === undefined ? undefined : Number(size),
      access: access as Access | undefined,
    });
  },
};

function fileBlock(
  path: string,
  options: { blockSize?: number; access?: Access } = {},
): BlockDevice {
  const { blockSize = DEFAULT_BLOCK_SIZE, access = "rw" } = options;
  if (!isBlockSize(blockSize)) {
    throw new TenderError(
      "device",
      `Block size must be a multiple of 2 greater than or equal 512, at most ${MAX_BLOCK_SIZE}: ${blockSize}`,
    );
  }
  return { type: "BLOCK_BASIC", path, blockSize, access };
}

/** Whether blocks can be of a size, in bytes. */
export function isBlockSize(size: number): boolean {
  const power = Number.isInteger(Math.log2(size));
  return power && size >= DEFAULT_BLOCK_SIZE && size <= MAX_BLOCK_SIZE;
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
