/**
 * Places for the memory of many guests. The runtime collects garbage for every large piece of memory that it
 * is shown, which takes milliseconds; so it is shown a few very large ones, which are divided here.
 *
 * @module
 */
import { alignUp } from "../abi/layout.ts";
import { type Place, reserve } from "./memory.ts";

/**
 * What is reserved at once, in bytes: the most memory that a guest of hvt has. Up to about as much, the runtime
 * does not collect more garbage than without.
 */
const CHUNK = 2 ** 32;
/** Places begin at multiples of the size of a large page, or of a page where they are smaller than that. */
const [LARGE_PAGE, PAGE] = [2 ** 21, 2 ** 12];

/** Gives places, and takes them back. What it has reserved stays reserved, and is used again. */
export class Arena {
  readonly #free = new Map<number, Omit<Place, "release">[]>();
  #chunk: { readonly address: bigint; readonly buffer: ArrayBuffer } | undefined;
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

  #freeOf(size: number): Omit<Place, "release">[] {
    const free = this.#free.get(size) ?? [];
    this.#free.set(size, free);
    return free;
  }

  #next(size: number): Omit<Place, "release"> {
    const alignment = size < LARGE_PAGE ? PAGE : LARGE_PAGE;
    if (this.#chunk === undefined || alignUp(this.#used, alignment) + size > CHUNK) {
      const address = reserve(CHUNK);
      const pointer = Deno.UnsafePointer.create(address)!;
      this.#chunk = { address, buffer: Deno.UnsafePointerView.getArrayBuffer(pointer, CHUNK) };
      this.#used = 0;
    }
    const { address, buffer } = this.#chunk;
    const at = alignUp(this.#used, alignment);
    this.#used = at + size;
    return { address: address + BigInt(at), bytes: new Uint8Array(buffer, at, size) };
  }
}
