/**
 * Guest memory as hypercalls see it: every address and length that a guest names is checked here before
 * anything is read or written for it.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import type { Protection } from "./machine.ts";

/** Guest memory, and how hypercalls may access it. */
export class GuestView {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes. */
  readonly view: DataView;
  readonly #restrictions: readonly Protection[];

  /** `restrictions`: see `MachineBase`. */
  constructor(bytes: Uint8Array<ArrayBuffer>, restrictions: readonly Protection[]) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.#restrictions = restrictions;
  }

  /** Whether the guest itself could read, or write, all of `length` bytes at `address`. */
  allows(access: "read" | "write", range: { address: number; length: number }): boolean {
    const { address, length } = range;
    const end = address + length;
    if (end > this.bytes.length) return false;
    if (length === 0) return true;
    for (const restricted of this.#restrictions) {
      if (address < restricted.end && end > restricted.start && !restricted[access]) return false;
    }
    return true;
  }
}
