/**
 * A small assembler for x86_64: the few instructions that a launch program is made of, with labels.
 * Source: Intel SDM, volume 2.
 *
 * @module
 */

import { alignUp } from "../../abi/layout.ts";

/** General registers by their number in instructions. */
export const REGISTER = {
  rax: 0,
  rcx: 1,
  rdx: 2,
  rbx: 3,
  rsp: 4,
  rbp: 5,
  rsi: 6,
  rdi: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
} as const;

/** A general register. */
export type Register = keyof typeof REGISTER;

/** A place in the code. */
export type Label = symbol;

/** Conditions of a jump, after a comparison or test. */
export const CONDITION = { equal: 0x4, notEqual: 0x5, negative: 0x8, notNegative: 0x9 } as const;

/** Collects code; addresses are relative to its start until {@linkcode X86Assembler.finish}. */
export class X86Assembler {
  #bytes = new Uint8Array(4096);
  #size = 0;
  readonly #labels = new Map<Label, number>();
  readonly #relative: { at: number; to: Label }[] = [];
  readonly #absolute: { at: number; to: Label }[] = [];

  /** Puts bytes as they are. */
  raw(bytes: ArrayLike<number>): void {
    const end = this.#size + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#size);
    this.#size = end;
  }

  /** Says where a label is: here. */
  label(label: Label): void {
    this.#labels.set(label, this.#size);
  }

  /** Pads with zeros to a multiple of `size`. */
  align(size: number): void {
    this.raw(new Uint8Array(alignUp(this.#size, size) - this.#size));
  }

  /** Loads a value of up to 2^53 − 1, in the shortest form. */
  load(register: Register, value: number): void {
    const n = REGISTER[register];
    if (value === 0) return this.raw([...rex(n, n), 0x31, 0xc0 | (n & 7) << 3 | (n & 7)]); // xor
    if (value <= 0xffff_ffff) return this.raw([...rex(0, n), 0xb8 | (n & 7), ...le(value, 4)]);
    this.raw([0x48 | (n >> 3), 0xb8 | (n & 7), ...le(value, 8)]);
  }

  /** Loads the address of a label. */
  loadAddress(register: Register, label: Label): void {
    const n = REGISTER[register];
    this.raw([0x48 | (n >> 3) << 2, 0x8d, (n & 7) << 3 | 5]);
    this.#relative32(label);
  }

  /** Copies a register, 64 bits. */
  move(to: Register, from: Register): void {
    const [t, f] = [REGISTER[to], REGISTER[from]];
    this.raw([0x48 | (f >> 3) << 2 | t >> 3, 0x89, 0xc0 | (f & 7) << 3 | (t & 7)]);
  }

  /** `syscall`: clobbers rcx, r11 and rax. */
  syscall(): void {
    this.raw([0x0f, 0x05]);
  }

  /** `test rax, rax`. */
  testResult(): void {
    this.raw([0x48, 0x85, 0xc0]);
  }

  /** Compares a register, 64 bits, with a value of −128 to 127. */
  compare(register: Register, value: number): void {
    const n = REGISTER[register];
    this.raw([0x48 | n >> 3, 0x83, 0xf8 | (n & 7), value & 0xff]);
  }

  /** Compares two registers, 64 bits. */
  compareRegisters(a: Register, b: Register): void {
    const [first, second] = [REGISTER[a], REGISTER[b]];
    this.raw([0x48 | (second >> 3) << 2 | first >> 3, 0x39, 0xc0 | (second & 7) << 3 | first & 7]);
  }

  /** Loads a 32-bit word from an address in a register (not rsp or r12) plus an offset. */
  loadWord(to: Register, base: Register, offset: number): void {
    const [t, b] = [REGISTER[to], REGISTER[base]];
    this.raw([0x40 | (t >> 3) << 2 | b >> 3, 0x8b, 0x80 | (t & 7) << 3 | b & 7, ...le(offset, 4)]);
  }

  /** Keeps the bits of a register that are in a 32-bit mask. */
  and(register: Register, mask: number): void {
    const n = REGISTER[register];
    this.raw([...rex(0, n), 0x81, 0xe0 | n & 7, ...le(mask, 4)]);
  }

  /** Jumps on a condition. */
  jumpIf(condition: number, to: Label): void {
    this.raw([0x0f, 0x80 | condition]);
    this.#relative32(to);
  }

  /** Jumps. */
  jump(to: Label): void {
    this.raw([0xe9]);
    this.#relative32(to);
  }

  /** Jumps to the address in a register. */
  jumpRegister(register: Register): void {
    const n = REGISTER[register];
    this.raw([...rex(0, n), 0xff, 0xe0 | (n & 7)]);
  }

  /** Puts the address of a label, 8 bytes. */
  address(label: Label): void {
    this.#absolute.push({ at: this.#size, to: label });
    this.raw([0, 0, 0, 0, 0, 0, 0, 0]);
  }

  /** The code, to lie at `base`. */
  finish(base: number): Uint8Array<ArrayBuffer> {
    const result = this.#bytes.slice(0, this.#size);
    const view = new DataView(result.buffer);
    for (const { at, to } of this.#relative) view.setInt32(at, this.#at(to) - (at + 4), true);
    for (const { at, to } of this.#absolute) {
      view.setBigUint64(at, BigInt(base + this.#at(to)), true);
    }
    return result;
  }

  #at(label: Label): number {
    const at = this.#labels.get(label);
    if (at === undefined) throw new RangeError(`no such label: ${label.description}`);
    return at;
  }

  #relative32(to: Label): void {
    this.#relative.push({ at: this.#size, to });
    this.raw([0, 0, 0, 0]);
  }
}

/** REX prefix for 32-bit operands: only where a register needs its high bit. */
function rex(reg: number, rm: number): number[] {
  const prefix = 0x40 | (reg >> 3) << 2 | rm >> 3;
  return prefix === 0x40 ? [] : [prefix];
}

function le(value: number, size: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; bytes.length < size; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  return bytes;
}
