/**
 * Block devices: a file or a block device of the host, or memory of this process, read and written a block
 * at a time.
 *
 * @module
 */
import { alignUp } from "../../../abi/layout.ts";
import { TenderError } from "../../error.ts";
import { bytesOf, type Size } from "../../size.ts";
import { DiskMemory } from "./disk_memory.ts";

/**
 * What a guest's writes do: reach the storage, fail, or go to a private copy that is dropped when the
 * guest ends.
 */
export type Access = "rw" | "ro" | "overlay";

/** A block device to attach. */
export interface BlockDevice {
  /** The kind of device. */
  readonly type: "BLOCK_BASIC";
  /** The file or block device of the host; what messages call it, where it is in memory. */
  readonly path: string;
  /** The memory of this process that it is in; undefined if it is not. */
  readonly memory?: DiskMemory;
  /** In bytes: a power of two from 512 to {@linkcode MAX_BLOCK_SIZE}. */
  readonly blockSize: number;
  /** What the guest's writes do. */
  readonly access: Access;
  /** How many bytes of it are content, which an adopted program finds there; all if not given. */
  readonly length?: number;
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
export const block: BlockMaker = { file: fileBlock, memory: memoryBlock, input: inputBlock };

/** See {@linkcode block}. */
export interface BlockMaker {
  /**
   * A file or block device of the host.
   *
   * @throws {TenderError} "device" or "option" if the block size is invalid
   */
  file(path: string, options?: BlockOptions): BlockDevice;
  /**
   * Memory of this process. What a guest writes to it is there for the next one, and for the program,
   * unless `access` is another than `"rw"`. To dispose of the device gives the memory back.
   *
   * ```ts ignore
   * using disk = block.memory(new Uint8Array(1 << 20));
   * await run(bind(unikernel, { devices: { storage: disk } }));
   * const written = await disk.read();
   * ```
   *
   * @param content of the device at first, a multiple of the block size; it is copied when the device is first
   * used
   * @throws {TenderError} as `file` does
   */
  memory(content: Uint8Array, options?: BlockOptions): MemoryBlock;
  /**
   * The same for content of any length: zeros fill the last block. An adopted program finds a file of that
   * length.
   *
   * @throws {TenderError} as `file` does
   */
  input(content: Uint8Array, options?: BlockOptions): MemoryBlock;
}

/** How guests use a block device. */
export interface BlockOptions {
  /** A power of two from 512 bytes to 32 KiB; 512 if not given. */
  readonly blockSize?: Size;
  /** What the guest's writes do; `"rw"` if not given. */
  readonly access?: Access;
}

/** A block device in memory of this process. */
export interface MemoryBlock extends BlockDevice, Disposable {
  /** Its memory. */
  readonly memory: DiskMemory;
  /**
   * A copy of what is on it now.
   *
   * @throws {TenderError} "device" if it was disposed of
   */
  read(): Promise<Uint8Array>;
}

function memoryBlock(content: Uint8Array, options?: BlockOptions): MemoryBlock {
  const memory = new DiskMemory(content);
  return {
    ...fileBlock("disk in memory", options),
    memory,
    read: async () => (await import("./memory_file.ts")).readMemory(memory),
    [Symbol.dispose]: () => memory.dispose(),
  };
}

function inputBlock(content: Uint8Array, options?: BlockOptions): MemoryBlock {
  const { blockSize } = fileBlock("", options);
  return { ...memoryBlock(wholeBlocks(content, blockSize), options), length: content.length };
}

/** Content with zeros to the end of its last block; at least one block. */
export function wholeBlocks(content: Uint8Array, blockSize: number): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.max(alignUp(content.length, blockSize), blockSize));
  padded.set(content);
  return padded;
}

function fileBlock(path: string, options: BlockOptions = {}): BlockDevice {
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
