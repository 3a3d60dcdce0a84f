/**
 * Places for the memory of many guests. The runtime collects garbage for every large piece of memory that it
 * is shown, which takes milliseconds; so it is shown a few very large ones, which are divided here.
 *
 * @module
 */
import { alignUp } from "../abi/layout.ts";
import { type Place, reserve, unmap } from "./memory.ts";

/**
 * What is reserved at once, in bytes: the most memory that a guest of hvt has. Up to about as much, the runtime
 * does not collect more garbage than without.
 */
const CHUNK = 2 ** 32;
/** Places begin at multiples of the size of a large page, or of a page where they are smaller than that. */
const [LARGE_PAGE, PAGE] = [2 ** 21, 2 ** 12];

/** Gives places, and takes them back to use them again. To be disposed of when nobody has one. */
export class Arena implements Disposable {
  readonly #free = new Map<number, Omit<Place, "release">[]>();
  readonly #chunks: { readonly address: bigint; readonly buffer: ArrayBuffer }[] = [];
  #used = 0;

  /**
   * Takes a place.
   *
   * @param size in bytes, at most 4 GiB
   * @throws {SystemError} if there are too few addresses
   */
  take(size: number): Place {
    const free = this.#freeOf(size);
    const place = free.pop() ?? this.#next(size);
    return { ...place, release: () => void free.push(place) };
  }

  /** Gives the addresses back. Every view of a place becomes empty first. */
  [Symbol.dispose](): void {
    for (const { address, buffer } of this.#chunks.splice(0)) {
      buffer.transfer();
      unmap(address, CHUNK);
    }
    this.#free.clear();
  }

  #freeOf(size: number): Omit<Place, "release">[] {
    const free = this.#free.get(size) ?? [];
    this.#free.set(size, free);
    return free;
  }

  #next(size: number): Omit<Place, "release"> {
    const alignment = size < LARGE_PAGE ? PAGE : LARGE_PAGE;
    if (this.#chunks.length === 0 || alignUp(this.#used, alignment) + size > CHUNK) {
      const address = reserve(CHUNK);
      const pointer = Deno.UnsafePointer.create(address)!;
      this.#chunks.push({ address, buffer: Deno.UnsafePointerView.getArrayBuffer(pointer, CHUNK) });
      this.#used = 0;
    }
    const { address, buffer } = this.#chunks.at(-1)!;
    const at = alignUp(this.#used, alignment);
    this.#used = at + size;
    return { address: address + BigInt(at), bytes: new Uint8Array(buffer, at, size) };
  }
}
