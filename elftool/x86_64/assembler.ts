/**
 * Assembles the few instructions that trampolines consist of.
 *
 * @module
 */
import type { Instruction } from "./decode.ts";

/** Machine code at an address. */
export class Assembler {
  readonly #address: number;
  readonly #bytes: number[] = [];

  /** Code that will lie at an address. */
  constructor(address: number) {
    this.#address = address;
  }

  /** In bytes. */
  get size(): number {
    return this.#bytes.length;
  }

  /** The address of the next byte. */
  get here(): number {
    return this.#address + this.size;
  }

  /** What was assembled. */
  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  /** Appends bytes as they are. */
  put(bytes: Iterable<number>): void {
    this.#bytes.push(...bytes);
  }

  /** Appends `jmp rel32`. */
  jump(to: number): void {
    this.#relative([0xe9], to);
  }

  /** Appends `call rel32`. */
  call(to: number): void {
    this.#relative([0xe8], to);
  }

  /** A jump on a condition, which is a number from 0 to 15. */
  branch(condition: number, to: number): void {
    this.#relative([0x0f, 0x80 | condition], to);
  }

  /** An instruction with an operand relative to RIP, which stays where it is. */
  relocate(
    bytes: Uint8Array,
    { instruction, referred }: { instruction: Instruction; referred: number },
  ): void {
    const { length, relativeAt } = instruction;
    const distance = int32(referred - (this.here + length));
    this.put(bytes.subarray(0, relativeAt));
    this.put(distance);
    this.put(bytes.subarray(relativeAt + 4));
  }

  #relative(opcode: readonly number[], to: number): void {
    const distance = int32(to - (this.here + opcode.length + 4));
    this.put(opcode);
    this.put(distance);
  }
}

function int32(value: number): number[] {
  if (value !== (value | 0)) throw new RangeError(`a distance of ${value} bytes`);
  return [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff];
}
