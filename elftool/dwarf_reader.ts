/**
 * Reads the numbers and strings that DWARF and tables for unwinding consist of, in order and within
 * bounds.
 *
 * @module
 */
import { viewOf } from "../abi/layout.ts";
import { ElfError } from "./error.ts";

/** Longest LEB128 accepted, in bits; compilers write at most 64, in 10 bytes. */
const MOST_BITS = 128;

/** A position in a range of a file's debugging information. */
export class DwarfReader {
  readonly #name: string;
  readonly #what: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  /** Reads `[start, end)` of some bytes; `name` is the file's and `what` the table's, for messages. */
  constructor(
    bytes: Uint8Array,
    { name, what = "line table", start = 0, end = bytes.length }: {
      name: string;
      what?: string;
      start?: number;
      end?: number;
    },
  ) {
    this.#name = name;
    this.#what = what;
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#at = start;
    this.#end = end;
  }

  /** The offset of the next byte to read. */
  get at(): number {
    return this.#at;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** An error about the bytes that are read here. */
  fail(rule: string): ElfError {
    return new ElfError("elf-symbols", `${this.#name}: ${this.#what}: ${rule}`);
  }

  /** A reader of another range of the same bytes. */
  part(start: number, end: number = this.#end): DwarfReader {
    if (start > end || end > this.#end) throw this.fail(`ends at ${this.#end}, before ${end}`);
    return new DwarfReader(this.#bytes, { name: this.#name, what: this.#what, start, end });
  }

  /** Skips some bytes; returns where they began. */
  skip(size: number): number {
    const at = this.#at;
    if (size > this.#end - at) throw this.fail(`ends at ${this.#end}, in what begins at ${at}`);
    this.#at = at + size;
    return at;
  }

  /** One byte. */
  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  /** One signed byte. */
  i8(): number {
    return this.#view.getInt8(this.skip(1));
  }

  /** A number of 0 to 8 bytes; from 2^53 on it is not exact. */
  unsigned(size: number): number {
    const at = this.skip(size);
    let value = 0;
    for (let index = size - 1; index >= 0; index--) {
      value = value * 256 + this.#view.getUint8(at + index);
    }
    return value;
  }

  /** A signed number of 1 to 8 bytes; beyond 2^53 it is not exact. */
  signed(size: number): number {
    const value = this.unsigned(size);
    return value >= 2 ** (8 * size - 1) ? value - 2 ** (8 * size) : value;
  }

  /** An unsigned number of variable length (ULEB128); not exact from 2^53 on. */
  uleb(): number {
    return this.#leb().value;
  }

  /** A signed number of variable length (SLEB128). */
  sleb(): number {
    const { value, range } = this.#leb();
    return value >= range / 2 ? value - range : value;
  }

  /** The value, seven bits a byte, and the number of values that so many bytes can hold. */
  #leb(): { value: number; range: number } {
    let value = 0;
    for (let scale = 1; scale < 2 ** MOST_BITS; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return { value, range: scale * 128 };
    }
    throw this.fail(`a number without end at ${this.#at}`);
  }

  /** Skips a string and its NUL; returns where it began. */
  text(): number {
    const at = this.#at;
    while (this.u8() !== 0);
    return at;
  }
}
