/**
 * The transmitter of the PC's first serial port (16550A), always ready for the next byte. A guest leaves
 * its CPU for each byte, so that they are collected: up to the end of a line, or until the guest does
 * something else.
 *
 * @module
 */

/** The first port, and how many there are. */
export const SERIAL = 0x3f8;
/** See {@linkcode SERIAL}. */
export const SERIAL_PORTS = 8;

/** Registers, as offsets from the first port. */
const DATA = 0;
const INTERRUPT_IDENTITY = 2;
const LINE_CONTROL = 3;
const LINE_STATUS = 5;

/** In line control: the data port holds the low byte of the divisor. */
const DIVISOR = 0x80;
/** Queues of 16 bytes are on, and no interrupt waits. */
const FIFO_WORKS = 0xc1;
/** There is room, and all was sent. */
const EMPTY = 0x60;

const LINE_FEED = 0x0a;
const ROOM = 4096;

/** A console at a serial port. */
export class Serial {
  readonly #buffer = new Uint8Array(ROOM);
  #length = 0;
  #control = 0;

  /** What the guest reads from a register. */
  read(register: number): number {
    if (register === INTERRUPT_IDENTITY) return FIFO_WORKS;
    if (register === LINE_STATUS) return EMPTY;
    return register === LINE_CONTROL ? this.#control : 0;
  }

  /**
   * Takes what the guest writes to a register.
   *
   * @returns whether it is time to {@linkcode take} what was collected
   */
  write(register: number, value: number): boolean {
    if (register === LINE_CONTROL) this.#control = value;
    if (register !== DATA || this.#control & DIVISOR) return false;
    this.#buffer[this.#length++] = value;
    return value === LINE_FEED || this.#length === ROOM;
  }

  /** What was collected; valid until the next write. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }
}
