/**
 * Guest memory as hypercalls see it: every address and length that a guest names is checked here before
 * anything is read or written for it.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import type { Mapping } from "../../linux/memory.ts";
import type { Protection } from "./machine.ts";

/** Guest memory, and how hypercalls may access it. */
export class GuestView {
  /** In bytes. */
  readonly size: number;
  readonly #memory: Pick<Mapping, "bytes" | "part">;
  readonly #restrictions: readonly Protection[];
  /** The structure that was looked at last: guests make their calls from few places on the stack. */
  #last: { readonly address: number; readonly view: DataView };

  /** `restrictions`: see `MachineBase`. */
  constructor(
    memory: Uint8Array<ArrayBuffer> | Pick<Mapping, "size" | "bytes" | "part">,
    restrictions: readonly Protection[],
  ) {
    if (memory instanceof Uint8Array) {
      const part = (start: number, length: number) => memory.subarray(start, start + length);
      this.#memory = { bytes: memory, part };
      this.size = memory.length;
    } else {
      this.#memory = memory;
      this.size = memory.size;
    }
    this.#restrictions = restrictions;
    this.#last = { address: 0, view: new DataView(new ArrayBuffer(0)) };
  }

  /** All of it. For a part, {@linkcode GuestView.part} costs less. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.bytes;
  }

  /** `length` bytes at `address`, which must lie inside. */
  part(address: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#memory.part(address, length);
  }

  /** A structure of `length` bytes at `address`, which must lie inside. */
  at(address: number, length: number): DataView {
    const { address: last, view } = this.#last;
    if (address === last && length <= view.byteLength) return view;
    this.#last = { address, view: viewOf(this.part(address, length)) };
    return this.#last.view;
  }

  /** Whether the guest itself could read, or write, all of `length` bytes at `address`. */
  allows(access: "read" | "write", range: { address: number; length: number }): boolean {
    const { address, length } = range;
    const end = address + length;
    if (end > this.size) return false;
    if (length === 0) return true;
    for (const restricted of this.#restrictions) {
      if (address < restricted.end && end > restricted.start && !restricted[access]) return false;
    }
    return true;
  }
}
