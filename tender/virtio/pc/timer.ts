/**
 * Channel 0 of the PC's timer (Intel 8254), as far as it wakes a guest that sleeps: the count that a guest
 * gives it, and when that is over. It cannot be read.
 *
 * @module
 */

/** The ports of the count and of the control word. */
export const TIMER_COUNT = 0x40;
/** See {@linkcode TIMER_COUNT}. */
export const TIMER_CONTROL = 0x43;

/** In Hz. */
const FREQUENCY = 1_193_182n;
const SECOND = 1_000_000_000n;
/** What a count of 0 stands for, and how the firmware of a PC leaves the timer. */
const LONGEST = 0x1_0000;

/** The timer. Times are in nanoseconds. */
export class Timer {
  /** The low byte of a count, once it is there. */
  #low: number | undefined;
  #end: bigint | undefined;

  /** Takes what the guest writes to one of the two ports. */
  write(port: number, value: number, now: bigint): void {
    const low = this.#low;
    this.#low = undefined;
    if (port === TIMER_CONTROL) this.#end = undefined;
    else if (low === undefined) this.#low = value;
    else this.#end = after(now, value << 8 | low);
  }

  /** When it interrupts next; the count that ends then is over once it was asked for. */
  takeEnd(now: bigint): bigint {
    const end = this.#end ?? after(now, LONGEST);
    this.#end = undefined;
    return end;
  }
}

function after(now: bigint, count: number): bigint {
  return now + BigInt(count || LONGEST) * SECOND / FREQUENCY;
}
