/**
 * A fast checksum of 64 bits, for what must not change by accident: parts of a recording, and guest memory.
 * Each step maps different states, or different words, to different states, so no change of one word is
 * missed; other changes are missed once in 2^64. It is no defence against an attacker.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";

/** Odd factors of the two halves (from xxHash). */
const [FACTOR, OTHER_FACTOR] = [0x9e37_79b1, 0x85eb_ca77];
const SEED = [0x2545_f491, 0x4f6c_dd1d] as const;

/** A checksum that goes on. */
export class Hash {
  #low: number;
  #high: number;

  /** @param from where another one was, by its `low` and `high`; a new one if not given */
  constructor([low, high]: readonly [low: number, high: number] = SEED) {
    this.#low = low | 0;
    this.#high = high | 0;
  }

  /** Adds an integer: its low 32 bits. */
  word(value: number): this {
    const low = Math.imul(this.#low ^ value, FACTOR);
    this.#low = low << 13 | low >>> 19;
    const high = Math.imul(this.#high ^ value, OTHER_FACTOR) + low | 0;
    this.#high = high << 17 | high >>> 15;
    return this;
  }

  /** Adds bytes, and how many they are. */
  bytes(data: Uint8Array): this {
    const view = viewOf(data);
    const words = data.length - data.length % 4;
    for (let at = 0; at < words; at += 4) this.word(view.getInt32(at, true));
    for (let at = words; at < data.length; at++) this.word(data[at]!);
    return this.word(data.length);
  }

  /** The low 32 bits. */
  get low(): number {
    return this.#low >>> 0;
  }

  /** The high 32 bits. */
  get high(): number {
    return this.#high >>> 0;
  }

  /** All of it, as 16 hexadecimal digits. */
  toString(): string {
    return [this.high, this.low].map((word) => word.toString(16).padStart(8, "0")).join("");
  }
}
