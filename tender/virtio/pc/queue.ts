/**
 * Virtqueues in guest memory, as the device sees them (virtio 1.2, section 2.7, in the legacy layout). The
 * guest wrote all that lies there: every index, address and length is checked before it is used.
 *
 * @module
 */
import { alignUp, struct, u16, u32, usize, viewOf } from "../../../abi/layout.ts";
import { RunEnded } from "../../hvt/answer.ts";
import type { GuestBytes, VirtioRequest } from "../../devices/kind.ts";

/** Descriptors of every queue: what QEMU's network devices have. */
export const QUEUE_SIZE = 256;
/** The unit of a queue's address, and where its second part is aligned, in bytes. */
export const QUEUE_ALIGN = 4096;

const Descriptor = struct({ address: usize, length: u32, flags: u16, next: u16 });
const FLAG = { next: 1, write: 2, indirect: 4 } as const;

/** The heads of both rings: flags, then the index of what comes next. */
const Ring = struct({ flags: u16, index: u16 });
const AvailableEntry = u16;
const UsedEntry = struct({ id: u32, length: u32 });
/** In the flags of the ring that the guest writes: it needs no interrupt. */
const NO_INTERRUPT = 1;

/** Where the parts lie, from the queue's address on; each ring ends in an index that is not used here. */
const AVAILABLE = QUEUE_SIZE * Descriptor.size;
const AVAILABLE_END = AVAILABLE + Ring.size + (QUEUE_SIZE + 1) * AvailableEntry.size;
const USED = alignUp(AVAILABLE_END, QUEUE_ALIGN);
const QUEUE_BYTES = USED + Ring.size + QUEUE_SIZE * UsedEntry.size + u16.size;

/** A request, as a chain of descriptors. */
export interface Chain extends VirtioRequest {
  /** The first descriptor. */
  readonly head: number;
}

/** One queue of a device. */
export class Queue {
  readonly #memory: GuestBytes;
  readonly #view: DataView;
  #address = 0;
  /** How many requests were taken, and how many given back, as the rings count them. */
  #taken = 0;
  #given = 0;

  /** @param memory all of the guest's */
  constructor(memory: GuestBytes) {
    this.#memory = memory;
    this.#view = viewOf(memory);
  }

  /** Where it lies; 0 if nowhere. */
  get address(): number {
    return this.#address;
  }

  /**
   * Lays it somewhere else, empty; at 0, it is turned off.
   *
   * @throws {RunEnded} if there is no memory
   */
  set address(address: number) {
    if (address !== 0 && address + QUEUE_BYTES > this.#memory.length) {
      throw broken(`a queue at ${hex(address)}`);
    }
    this.#address = address;
    this.#taken = this.#given = 0;
  }

  /** Whether there is a request that was not given back. */
  get hasRequest(): boolean {
    return this.#address !== 0 && this.#available().index !== this.#taken;
  }

  /**
   * The oldest request that was not given back.
   *
   * @throws {RunEnded} if it is none
   */
  request(): Chain | undefined {
    if (!this.hasRequest) return undefined;
    const waiting = (this.#available().index - this.#taken) & 0xffff;
    if (waiting > QUEUE_SIZE) throw broken(`a queue with ${waiting} requests`);
    const slot = this.#taken % QUEUE_SIZE * AvailableEntry.size;
    const at = this.#address + AVAILABLE + Ring.size + slot;
    return this.#chain(AvailableEntry.get(this.#view, at));
  }

  /**
   * Gives the oldest request back.
   *
   * @param written bytes that the device wrote
   * @returns whether the guest is to be told
   */
  give({ head }: Chain, written: number): boolean {
    const used = this.#address + USED;
    const at = used + Ring.size + this.#given % QUEUE_SIZE * UsedEntry.size;
    UsedEntry.write(this.#view, at, { id: head, length: written });
    this.#taken = (this.#taken + 1) & 0xffff;
    this.#given = (this.#given + 1) & 0xffff;
    Ring.write(this.#view, used, { index: this.#given });
    return (this.#available().flags & NO_INTERRUPT) === 0;
  }

  #available(): ReturnType<typeof Ring.read> {
    return Ring.read(this.#view, this.#address + AVAILABLE);
  }

  #chain(head: number): Chain {
    const readable: GuestBytes[] = [];
    const writable: GuestBytes[] = [];
    let index = head;
    for (let count = 0; count < QUEUE_SIZE; count++) {
      if (index >= QUEUE_SIZE) throw broken(`descriptor ${index}`);
      const { address, length, flags, next } = Descriptor.read(
        this.#view,
        this.#address + index * Descriptor.size,
      );
      const end = address + length;
      if (end > this.#memory.length) throw broken(`${length} bytes at ${hex(address)}`);
      if (flags & FLAG.indirect) throw broken("a table of descriptors, which it was not offered");
      const write = (flags & FLAG.write) !== 0;
      if (!write && writable.length > 0) throw broken("memory to read behind memory to write");
      (write ? writable : readable).push(this.#memory.subarray(address, end));
      if ((flags & FLAG.next) === 0) return { head, readable, writable };
      index = next;
    }
    throw broken("descriptors in a circle");
  }
}

/** The end of a guest that gave a device what no driver may. */
function broken(what: string): RunEnded {
  const message = `guest gave a virtio device ${what}`;
  return new RunEnded({ kind: "fault", fault: "call", reason: "queue", message });
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
