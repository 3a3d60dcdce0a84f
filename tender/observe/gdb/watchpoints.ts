/**
 * What the CPU itself stops at: hardware breakpoints and watchpoints, in its four debug registers.
 * Source: Intel SDM, volume 3, "Debug Registers".
 *
 * @module
 */
import type { GuestDebug } from "../../kvm/abi.ts";

/** What a debug register stops at; x86 cannot tell reads from other accesses, gdb can. */
export type WatchKind = "execute" | "write" | "read" | "access";

/** A hardware breakpoint or watchpoint. */
export interface Watchpoint {
  readonly kind: WatchKind;
  readonly address: number;
  /** In bytes. */
  readonly length: number;
}

/** How many there can be. */
const SLOTS = 4;
/** The condition in DR7. */
const CONDITION: Record<WatchKind, bigint> = { execute: 0n, write: 1n, read: 3n, access: 3n };
/** The length in DR7, by the length in bytes. */
const LENGTH: Readonly<Record<number, bigint>> = { 1: 0n, 2: 1n, 4: 3n, 8: 2n };
/** In DR7: bits of a slot's condition and length begin here, four a slot. */
const CONDITIONS_AT = 16n;

/** The debug registers' content. */
export class Watchpoints {
  /** A slot keeps its place while it is in use. */
  readonly #slots: (Watchpoint | undefined)[] = new Array(SLOTS).fill(undefined);

  /** Adds one; false if the CPU cannot have it. To add what is there changes nothing. */
  insert(watchpoint: Watchpoint): boolean {
    const { kind, address, length } = watchpoint;
    const known = LENGTH[length] !== undefined && address % length === 0 &&
      (kind !== "execute" || length === 1);
    if (!known || !Number.isSafeInteger(address)) return false;
    if (this.#find(watchpoint) >= 0) return true;
    const free = this.#slots.indexOf(undefined);
    if (free < 0) return false;
    this.#slots[free] = watchpoint;
    return true;
  }

  /** Takes one away, if it is there. */
  remove(watchpoint: Watchpoint): void {
    const slot = this.#find(watchpoint);
    if (slot >= 0) this.#slots[slot] = undefined;
  }

  /** Takes all away. */
  clear(): void {
    this.#slots.fill(undefined);
  }

  /** Those that there are. */
  get list(): readonly Watchpoint[] {
    return this.#slots.filter((slot) => slot !== undefined);
  }

  /** The one that DR6 says was hit; watchpoints before breakpoints. */
  hit(dr6: bigint): Watchpoint | undefined {
    const hits = this.#slots.filter((slot, index) =>
      slot !== undefined && (dr6 >> BigInt(index) & 1n) !== 0n
    );
    return hits.find((slot) => slot!.kind !== "execute") ?? hits[0];
  }

  /** The debug registers, as `KVM_SET_GUEST_DEBUG` takes them. */
  registers(): Pick<ReturnType<typeof GuestDebug.read>, "dr0" | "dr1" | "dr2" | "dr3" | "dr7"> {
    const address = (index: number) => BigInt(this.#slots[index]?.address ?? 0);
    let dr7 = 0n;
    this.#slots.forEach((slot, index) => {
      if (slot === undefined) return;
      const enable = 2n << BigInt(2 * index);
      const how = CONDITION[slot.kind] | LENGTH[slot.length]! << 2n;
      dr7 |= enable | how << (CONDITIONS_AT + 4n * BigInt(index));
    });
    return { dr0: address(0), dr1: address(1), dr2: address(2), dr3: address(3), dr7 };
  }

  #find({ kind, address, length }: Watchpoint): number {
    return this.#slots.findIndex((slot) =>
      slot?.kind === kind && slot.address === address && slot.length === length
    );
  }
}
