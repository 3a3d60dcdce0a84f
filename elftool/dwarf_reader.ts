/**
 * Reading the numbers and texts that DWARF is made of, one after the other, and never past an end.
 *
 * @module
 */
import { viewOf } from "../abi/layout.ts";
import { ElfError } from "./error.ts";

/** Bits that no number has so many of: a compiler's have 64, in 10 bytes. */
const MOST_BITS = 128;

/** A place in a part of a file's debugging information. */
export class DwarfReader {
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  /** Reads `[start, end)` of some bytes; `name` is the file's, for messages. */
  constructor(
    bytes: Uint8Array,
    { name, start = 0, end = bytes.length }: { name: string; start?: number; end?: number },
  ) {
    this.#name = name;
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#at = start;
    this.#end = end;
  }

  /** The offset of what comes next. */
  get at(): number {
    return this.#at;
  }

  /** Whether nothing comes any more. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** An error about what is read here. */
  fail(rule: string): ElfError {
    return new ElfError("elf-symbols", `${this.#name}: line table: ${rule}`);
  }

  /** A reader of another part of the same. */
  part(start: number, end: number = this.#end): DwarfReader {
    if (start > end || end > this.#end) throw this.fail(`ends at ${this.#end}, before ${end}`);
    return new DwarfReader(this.#bytes, { name: this.#name, start, end });
  }

  /** Goes over some bytes; returns where they began. */
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

  /** One byte with a sign. */
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

  /** A number of as many bytes as it takes (ULEB128); from 2^53 on it is not exact. */
  uleb(): number {
    return this.#leb().value;
  }

  /** The same with a sign (SLEB128). */
  sleb(): number {
    const { value, range } = this.#leb();
    return value >= range / 2 ? value - range : value;
  }

  /** Seven bits a byte, and how many values as many bytes can have. */
  #leb(): { value: number; range: number } {
    let value = 0;
    for (let scale = 1; scale < 2 ** MOST_BITS; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return { value, range: scale * 128 };
    }
    throw this.fail(`a number without end at ${this.#at}`);
  }

  /** Goes over a text and its NUL; returns where it began. */
  text(): number {
    const at = this.#at;
    while (this.u8() !== 0);
    return at;
  }
}
