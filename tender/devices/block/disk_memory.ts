/**
 * The memory of block devices that are in no file. The kernel has it, so that processes can share it.
 *
 * @module
 */
import { TenderError } from "../../error.ts";

/** A file in memory, as who made it gives it away. */
export interface MemoryFile extends Disposable {
  /** Its descriptor, which is closed when it is disposed of. */
  readonly fd: number;
}

/** Memory for a block device. Its file is made when it is first used. */
export class DiskMemory {
  /** In bytes. */
  readonly size: number;
  /** What the file will contain at first. */
  #content: Uint8Array | undefined;
  #file: MemoryFile | undefined;

  /** `content`: what is in it at first. */
  constructor(content: Uint8Array) {
    this.size = content.length;
    this.#content = content;
  }

  /**
   * Its file, which stays this object's.
   *
   * @param make makes a file with such content
   * @throws {TenderError} "device" if the memory was given back
   */
  file(make: (content: Uint8Array) => MemoryFile): MemoryFile {
    if (this.#content !== undefined) {
      this.#file = make(this.#content);
      this.#content = undefined;
    }
    if (this.#file === undefined) {
      throw new TenderError("device", "the disk in memory was disposed of");
    }
    return this.#file;
  }

  /** Gives the memory back; guests that run keep it until they end. */
  dispose(): void {
    this.#file?.[Symbol.dispose]();
    this.#file = this.#content = undefined;
  }
}
