/**
 * A virtio device on the PCI bus: the registers of the legacy interface (virtio 1.2, section 4.1.4.10), and
 * its queues.
 *
 * @module
 */
import { struct, u16, u32, u8, viewOf } from "../../../abi/layout.ts";
import type { GuestBytes, OpenDevice, VirtioKind } from "../../devices/kind.ts";
import { Queue, QUEUE_ALIGN, QUEUE_SIZE } from "./queue.ts";

/** The registers that every device has; its configuration follows. */
const Registers = struct({
  deviceFeatures: u32,
  driverFeatures: u32,
  queueAddress: u32,
  queueSize: u16,
  queueSelect: u16,
  queueNotify: u16,
  status: u8,
  interrupt: u8,
});
const { offsets } = Registers;

/** Room of a device's registers, in ports. */
export const REGISTERS_SIZE = 64;

/** A device at work. */
export class VirtioDevice {
  /** Whether it has something to tell the guest. */
  interrupt = false;
  readonly #kind: VirtioKind;
  readonly #device: OpenDevice;
  readonly #queues: readonly Queue[];
  /** The registers as they are read. */
  readonly #bytes = new Uint8Array(REGISTERS_SIZE);
  readonly #view: DataView = viewOf(this.#bytes);

  /** @param memory all of the guest's */
  constructor(kind: VirtioKind, device: OpenDevice, memory: GuestBytes) {
    this.#kind = kind;
    this.#device = device;
    this.#queues = Array.from({ length: kind.queues }, () => new Queue(memory));
    const { features, config } = kind.describe(device.properties);
    Registers.write(this.#view, 0, { deviceFeatures: features });
    this.#bytes.set(config, Registers.size);
  }

  /** Whether it waits for input, and has memory for it. */
  get waits(): boolean {
    const { input } = this.#kind;
    return input !== undefined && this.#queues[input]!.hasRequest;
  }

  /** What the guest reads; `offset` is that of a port. */
  read(offset: number, size: number): number {
    const queue = this.#selected;
    Registers.write(this.#view, 0, {
      queueAddress: queue === undefined ? 0 : queue.address / QUEUE_ALIGN,
      queueSize: queue === undefined ? 0 : QUEUE_SIZE,
      interrupt: this.interrupt ? 1 : 0,
    });
    if (offset === offsets.interrupt) this.interrupt = false;
    let value = 0;
    for (let index = 0; index < size; index++) {
      value += this.#bytes[offset + index]! * 2 ** (8 * index);
    }
    return value;
  }

  /**
   * Takes what the guest writes; only whole registers count.
   *
   * @throws {RunEnded} if it gives the device what no driver may
   */
  write(offset: number, size: number, value: number): void {
    if (offset === offsets.queueAddress && size === u32.size) this.#lay(value * QUEUE_ALIGN);
    else if (offset === offsets.queueSelect && size === u16.size) {
      Registers.write(this.#view, 0, { queueSelect: value });
    } else if (offset === offsets.queueNotify && size === u16.size) {
      if (value < this.#queues.length) this.serve(value);
    } else if (offset === offsets.status && size === u8.size) {
      Registers.write(this.#view, 0, { status: value });
      if (value === 0) this.#reset();
    } else if (offset === offsets.driverFeatures && size === u32.size) {
      Registers.write(this.#view, 0, { driverFeatures: value });
    }
  }

  /** Serves the requests of a queue, as far as they need not wait; or of all queues. */
  serve(number?: number): void {
    if (number === undefined) {
      for (const other of this.#queues.keys()) this.serve(other);
      return;
    }
    const queue = this.#queues[number]!;
    for (let chain = queue.request(); chain !== undefined; chain = queue.request()) {
      const written = this.#kind.serve(this.#device, chain, number);
      if (written === undefined) return;
      if (queue.give(chain, written)) this.interrupt = true;
    }
  }

  get #selected(): Queue | undefined {
    return this.#queues[this.#view.getUint16(offsets.queueSelect, true)];
  }

  #lay(address: number): void {
    const queue = this.#selected;
    if (queue !== undefined) queue.address = address;
  }

  #reset(): void {
    for (const queue of this.#queues) queue.address = 0;
    this.interrupt = false;
  }
}
