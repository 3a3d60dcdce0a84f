/**
 * States of one guest that share the pages that are the same in them.
 *
 * @module
 */
import { PAGE_SIZE } from "../../abi/solo5.ts";
import type { Captured } from "../run/run.ts";

/** The pages of the last state, by address: the next state has those that are the same, too. */
export class SharedPages {
  #pages: ReadonlyMap<number, Uint8Array> = new Map();

  /** A state that shares pages with the one before. */
  share<S extends Captured>(state: S): S {
    const pages = new Map<number, Uint8Array>();
    const share = (address: number, bytes: Uint8Array) => {
      const known = this.#pages.get(address);
      const page = known !== undefined && isSame(known, bytes) ? known : bytes.slice();
      pages.set(address, page);
      return page;
    };
    const { contents, memory } = state as S & Pieces;
    const shared = {
      ...state,
      ...(contents && { contents: pagesOf(contents, "data", share) }),
      ...(memory && { memory: pagesOf(memory, "bytes", share) }),
    };
    this.#pages = pages;
    return shared;
  }
}

/** Where the targets' states have memory. */
interface Pieces {
  readonly contents?: readonly { readonly address: number; readonly data: Uint8Array }[];
  readonly memory?: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** Pieces of memory, page by page. */
function pagesOf<K extends string>(
  pieces: readonly (Record<"address", number> & Record<K, Uint8Array>)[],
  key: K,
  share: (address: number, bytes: Uint8Array) => Uint8Array,
): unknown[] {
  return pieces.flatMap((piece) => {
    const { address } = piece;
    const bytes = piece[key];
    const pages: unknown[] = [];
    for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
      const page = share(address + at, bytes.subarray(at, at + PAGE_SIZE));
      pages.push({ address: address + at, [key]: page });
    }
    return pages;
  });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
