/**
 * Hardware breakpoints and watchpoints: in the CPU's four debug registers (Intel SDM, volume 3, "Debug
 * Registers"), and by protected pages on a KVM that emulates the CPU and ignores watchpoints.
 *
 * @module
 */
import type { GuestDebug } from "../../kvm/abi.ts";
import { alignDown } from "../../../abi/layout.ts";
import { PAGE_SIZE } from "../../../abi/solo5.ts";
import type { Mapping } from "../../../linux/memory.ts";
import type { Exit } from "../../kvm/exit.ts";
import { GuestView } from "../../hvt/guest_view.ts";
import type { MachineBase, Protection } from "../../hvt/machine.ts";

/** What a debug register stops at. x86 cannot distinguish reads from other accesses; gdb can. */
export type WatchKind = "execute" | "write" | "read" | "access";

/** A hardware breakpoint or watchpoint. */
export interface Watchpoint {
  readonly kind: WatchKind;
  readonly address: number;
  /** In bytes. */
  readonly length: number;
}

/** How many debug registers the CPU has. */
const SLOTS = 4;
/** The condition in DR7. */
const CONDITION: Record<WatchKind, bigint> = { execute: 0n, write: 1n, read: 3n, access: 3n };
/** The length in DR7, by the length in bytes. */
const LENGTH: Readonly<Record<number, bigint>> = { 1: 0n, 2: 1n, 4: 3n, 8: 2n };
/** The bit of DR7 where the conditions and lengths begin, four bits for each slot. */
const CONDITIONS_AT = 16n;

/** The debug registers' content. */
export class Watchpoints {
  /** By debug register; a watchpoint stays in its register. */
  readonly #slots: (Watchpoint | undefined)[] = new Array(SLOTS).fill(undefined);

  /** Adds one; false if the CPU has no room for it. Adding one twice has no effect. */
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

  /** Removes one, if it is there. */
  remove(watchpoint: Watchpoint): void {
    const slot = this.#find(watchpoint);
    if (slot >= 0) this.#slots[slot] = undefined;
  }

  /** Removes all. */
  clear(): void {
    this.#slots.fill(undefined);
  }

  /** All that are set. */
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

/** A guest's access to memory, as KVM reports it. */
export type MemoryAccess = Extract<Exit, { kind: "mmio" }>;

/**
 * The pages that are closed to the guest because of watchpoints. A KVM that emulates the CPU reports each
 * access to them as if it were to a device, and this class then does what the access was to do. A KVM on
 * real hardware reports only a failure, and there the debug registers work: at the first such failure the
 * pages are opened for good.
 */
export class WatchedPages {
  readonly #machine: MachineBase;
  /** The mapping that the guest runs in. */
  readonly #window: Mapping;
  /** All of memory, and what the guest itself may do there. */
  readonly #memory: GuestView;
  #closed: readonly number[] = [];
  /** Whether this KVM reports accesses to closed pages; true until it fails to. */
  #works = true;

  /** `bytes`: a second mapping of the memory, open everywhere. */
  constructor(machine: MachineBase, options: { window: Mapping; bytes: Uint8Array<ArrayBuffer> }) {
    this.#machine = machine;
    this.#window = options.window;
    this.#memory = new GuestView(options.bytes, machine.restrictions);
  }

  /** Whether pages are closed. */
  get closed(): boolean {
    return this.#closed.length > 0;
  }

  /** Closes the pages of these watchpoints, and opens all others. */
  watch(watchpoints: readonly Watchpoint[]): void {
    const wanted = new Map<number, { read: boolean }>();
    for (const { kind, address, length } of this.#works ? watchpoints : []) {
      if (kind === "execute" || address + length > this.#machine.memorySize) continue;
      // It is aligned to its length, so it lies in one page.
      const page = alignDown(address, PAGE_SIZE);
      wanted.set(page, { read: kind === "write" && wanted.get(page)?.read !== false });
    }
    for (const page of this.#closed) if (!wanted.has(page)) this.#protect(page, { write: true });
    for (const [page, { read }] of wanted) this.#protect(page, { read, write: false });
    this.#closed = [...wanted.keys()];
  }

  /** Opens every page for good, because this KVM does not report accesses; false if none was closed. */
  giveUp(): boolean {
    const { closed } = this;
    this.#works = false;
    this.watch([]);
    return closed;
  }

  /**
   * Does a guest's access to a closed page.
   *
   * @param data the bytes to write, or room for those to read
   * @returns false if the page is not closed, or the guest must not access it so
   */
  serve({ address, length, write }: MemoryAccess, data: Uint8Array): boolean {
    const at = Number(address);
    const page = alignDown(at, PAGE_SIZE);
    const access = write ? "write" : "read";
    if (!this.#closed.includes(page)) return false;
    if (!this.#memory.allows(access, { address: at, length })) return false;
    if (write) this.#memory.bytes.set(data.subarray(0, length), at);
    else data.set(this.#memory.bytes.subarray(at, at + length));
    return true;
  }

  /** Protects a page as its segment says, and more strictly if asked to. */
  #protect(page: number, { read = true, write }: { read?: boolean; write: boolean }): void {
    const segment: Protection | undefined = this.#machine.protections.find(({ start, end }) =>
      page >= start && page < end
    );
    this.#window.protect({
      start: page,
      end: page + PAGE_SIZE,
      read: read && (segment?.read ?? true),
      write: write && (segment?.write ?? true),
    });
  }
}
