/**
 * Content of memory that is put together piece by piece, each with an address.
 *
 * @module
 */
import { alignUp } from "../abi/layout.ts";

/** Memory from an address on. */
export class MemoryImage {
  readonly address: number;
  readonly #pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  #size = 0;

  /** Memory that begins at an address. */
  constructor(address: number) {
    this.address = address;
  }

  /** The address behind the last piece. */
  get end(): number {
    return this.address + this.#size;
  }

  /** Appends bytes at the next address of an alignment, a power of two; returns it. */
  put(bytes: Uint8Array, align: number): number {
    const at = alignUp(this.end, align) - this.address;
    this.#pieces.push({ at, bytes });
    this.#size = at + bytes.length;
    return this.address + at;
  }

  /** Appends a text with its NUL; returns its address. */
  text(text: string): number {
    return this.put(new TextEncoder().encode(`${text}\0`), 1);
  }

  /** All content, zeros between the pieces. */
  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#size);
    for (const { at, bytes } of this.#pieces) all.set(bytes, at);
    return all;
  }
}
