/**
 * A small assembler for the classic BPF that seccomp runs. A piece of a program is a list of
 * instructions; jumps count instructions ahead, so that pieces are put together by appending.
 * Source: `linux/filter.h`, `linux/bpf_common.h`, `seccomp(2)`.
 *
 * @module
 */
import { SockFilter } from "./syscalls.ts";

/** Offsets of the fields of `struct seccomp_data`, in bytes. */
export const SECCOMP_DATA = {
  number: 0,
  arch: 4,
  /** Low half of the address of the instruction after the call; the high half follows. */
  address: 8,
  /** Low half of argument `n`; the high half follows, 4 bytes on. */
  argument: (n: number): number => 16 + 8 * n,
} as const;

/** What a filter decides (`SECCOMP_RET_…`). */
export const ACTION = {
  allow: 0x7fff_0000,
  killProcess: 0x8000_0000,
  /** Another process answers the call. */
  notify: 0x7fc0_0000,
} as const;

/** Comparisons of the accumulator with a constant, all unsigned. */
export type Test = "==" | ">" | ">=" | "&";

/** Codes of the instructions that filters are made of. */
export const INSTRUCTION = {
  load: 0x20,
  jump: 0x05,
  ret: 0x06,
  tests: { "==": 0x15, ">": 0x25, ">=": 0x35, "&": 0x45 } satisfies Record<Test, number>,
} as const;

/** What an instruction works with: a number, or the name of one that is filled in later. */
export type Operand = number | string;

/** One instruction: code, instructions to skip if a test holds, and if it does not, operand. */
export type Instruction = readonly [code: number, jt: number, jf: number, k: Operand];

/** Longest jump of a test, in instructions. */
export const TEST_REACH = 255;

/** Most instructions that the kernel takes (`BPF_MAXINSNS`). */
export const MAX_INSTRUCTIONS = 4096;

/** Loads a word of `struct seccomp_data` into the accumulator. */
export function load(offset: number): Instruction {
  return [INSTRUCTION.load, 0, 0, offset];
}

/** Tests the accumulator, and skips instructions if the test does not hold. */
export function unless(test: Test, value: Operand, options: { skip: number }): Instruction {
  return [INSTRUCTION.tests[test], 0, options.skip, value];
}

/** Tests the accumulator, and skips instructions if the test holds. */
export function when(test: Test, value: Operand, options: { skip: number }): Instruction {
  return [INSTRUCTION.tests[test], options.skip, 0, value];
}

/** Puts a test before instructions, which are skipped if it does not hold, however many they are. */
export function skipUnless(
  test: Test,
  value: Operand,
  code: readonly Instruction[],
): Instruction[] {
  const skip = code.length;
  if (skip <= TEST_REACH) return [unless(test, value, { skip }), ...code];
  return [when(test, value, { skip: 1 }), jump(skip), ...code];
}

/** Skips any number of instructions. */
export function jump(skip: number): Instruction {
  return [INSTRUCTION.jump, 0, 0, skip];
}

/** Code for the values of the accumulator from `from` up to where the next one begins. */
export interface Interval {
  readonly from: number;
  readonly code: readonly Instruction[];
}

/**
 * Finds the code for the accumulator by halving. A shallow tree makes for a quick start: the kernel
 * tries a new filter with every number that a system call can have, which takes 0.2 ms where one is
 * compared after the other.
 *
 * @param intervals one or more, ascending; values below the first one's count as its own
 */
export function search(intervals: readonly Interval[]): Instruction[] {
  if (intervals.length === 1) return [...intervals[0]!.code];
  const middle = intervals.length >> 1;
  const low = search(intervals.slice(0, middle));
  const high = search(intervals.slice(middle));
  return [...skipUnless(">=", intervals[middle]!.from, high), ...low];
}

/** Ends the program with a decision. */
export function ret(action: number): Instruction {
  return [INSTRUCTION.ret, 0, 0, action];
}

/** A program in the kernel's form, but for some operands. */
export interface BpfTemplate {
  /** Its instructions, two words of 32 bits each; operands that are missing are 0. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Which words are missing, by the operand's name. */
  readonly blanks: Readonly<Record<string, readonly number[]>>;
}

/**
 * Puts a program into the kernel's form.
 *
 * @throws {RangeError} if a test skips too far, the program is too long, or an operand is a name
 */
export function assembleBpf(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const { words, blanks } = assembleTemplate(program);
  const [missing] = Object.keys(blanks);
  if (missing !== undefined) throw new RangeError(`no value for ${missing}`);
  return new Uint8Array(words.buffer);
}

/**
 * Puts a program into the kernel's form, and tells where its named operands belong.
 *
 * @throws {RangeError} if a test skips too far, or the program is too long
 */
export function assembleTemplate(program: readonly Instruction[]): BpfTemplate {
  if (program.length > MAX_INSTRUCTIONS) {
    throw new RangeError(
      `the filter needs ${program.length} instructions, maximum ${MAX_INSTRUCTIONS}`,
    );
  }
  const bytes = new Uint8Array(program.length * SockFilter.size);
  const view = new DataView(bytes.buffer);
  const blanks: Record<string, number[]> = {};
  program.forEach(([code, jt, jf, k], index) => {
    if (jt > TEST_REACH || jf > TEST_REACH) {
      throw new RangeError(`a test that skips ${Math.max(jt, jf)} instructions`);
    }
    const at = index * SockFilter.size;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jt);
    view.setUint8(at + 3, jf);
    if (typeof k === "number") view.setUint32(at + 4, k, true);
    else (blanks[k] ??= []).push((at + 4) / Uint32Array.BYTES_PER_ELEMENT);
  });
  return { words: new Uint32Array(bytes.buffer), blanks };
}
