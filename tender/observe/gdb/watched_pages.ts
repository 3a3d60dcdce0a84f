/**
 * Watchpoints on a KVM that emulates the CPU and looks at no debug register for data: pages with
 * watchpoints are closed to the guest. Such a KVM then reports each access as if there were a device,
 * and here the device is the memory itself. A KVM on real hardware reports no more than that something
 * failed, and there the debug registers work: on the first such report the pages are opened for good.
 *
 * @module
 */
import { alignDown } from "../../../abi/layout.ts";
import { PAGE_SIZE } from "../../../abi/solo5.ts";
import type { Mapping } from "../../../linux/memory.ts";
import type { Exit } from "../../kvm/exit.ts";
import { GuestView } from "../../hvt/guest_view.ts";
import type { Access, Machine } from "../../hvt/machine.ts";
import type { Watchpoint } from "./watchpoints.ts";

/** A guest's access to memory, as KVM reports it. */
export type MemoryAccess = Extract<Exit, { kind: "mmio" }>;

/** The pages that are closed because of watchpoints. */
export class WatchedPages {
  readonly #machine: Machine;
  /** The mapping that the guest runs in. */
  readonly #window: Mapping;
  /** All of memory, for what the guest itself may do there. */
  readonly #memory: GuestView;
  #closed: readonly number[] = [];
  /** Whether this KVM works so; found out when it does not. */
  #works = true;

  /** `bytes`: a second mapping of the memory, open everywhere. */
  constructor(machine: Machine, options: { window: Mapping; bytes: Uint8Array<ArrayBuffer> }) {
    this.#machine = machine;
    this.#window = options.window;
    this.#memory = new GuestView(options.bytes, machine.restrictions);
  }

  /** Closes the pages of these watchpoints, and opens all others. */
  watch(watchpoints: readonly Watchpoint[]): void {
    const wanted = new Map<number, { read: boolean }>();
    for (const { kind, address, length } of this.#works ? watchpoints : []) {
      if (kind === "execute" || address + length > this.#machine.memorySize) continue;
      // Aligned to its length, so that it never crosses into another page.
      const page = alignDown(address, PAGE_SIZE);
      wanted.set(page, { read: kind === "write" && wanted.get(page)?.read !== false });
    }
    for (const page of this.#closed) if (!wanted.has(page)) this.#protect(page, { write: true });
    for (const [page, { read }] of wanted) this.#protect(page, { read, write: false });
    this.#closed = [...wanted.keys()];
  }

  /** Opens every page for good, because closing them is not understood; false if none was closed. */
  giveUp(): boolean {
    const closed = this.#closed.length > 0;
    this.#works = false;
    this.watch([]);
    return closed;
  }

  /**
   * Does what the guest wanted to do with a page that is closed.
   *
   * @param data what it writes, or room for what it reads
   * @returns false if the guest could not do so anyway
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

  /** Protects a page as its segment says, and further. */
  #protect(page: number, { read = true, write }: { read?: boolean; write: boolean }): void {
    const segment: Access | undefined = this.#machine.protections.find(({ start, end }) =>
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
