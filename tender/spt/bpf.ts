/**
 * A small assembler for the classic BPF that seccomp runs: instructions with symbolic jumps, put
 * into the kernel's 8-byte form. Source: `linux/filter.h`, `linux/bpf_common.h`, `seccomp(2)`.
 *
 * @module
 */
import { struct, u16, u32, u8 } from "../../abi/layout.ts";

/** One instruction as the kernel reads it (`struct sock_filter`). */
export const SockFilter = struct({ code: u16, jt: u8, jf: u8, k: u32 });

/** Where the kernel keeps things in `struct seccomp_data`, in bytes. */
export const SECCOMP_DATA = {
  number: 0,
  arch: 4,
  /** Low half of argument `n`; the high half is 4 bytes on. */
  argument: (n: number): number => 16 + 8 * n,
} as const;

/** What a filter decides (`SECCOMP_RET_…`). */
export const ACTION = { allow: 0x7fff_0000, killProcess: 0x8000_0000 } as const;

/** Tests of the accumulator against a constant, all unsigned. */
export type Test = "==" | ">" | ">=" | "&";

/** A place in a program that jumps can name. */
export type Label = symbol;

/**
 * An instruction. A test without a label goes on to the next instruction; a test reaches at most
 * {@linkcode TEST_REACH} instructions ahead, a jump any distance.
 */
export type Instruction =
  | { readonly op: "load"; readonly offset: number }
  | {
    readonly op: "test";
    readonly test: Test;
    readonly value: number;
    readonly then?: Label;
    readonly otherwise?: Label;
  }
  | { readonly op: "jump"; readonly to: Label }
  | { readonly op: "return"; readonly action: number }
  | { readonly op: "label"; readonly label: Label };

/** Most instructions that the kernel takes (`BPF_MAXINSNS`). */
export const MAX_INSTRUCTIONS = 4096;

/** Longest jump of a test, in instructions. */
export const TEST_REACH = 255;

/** The kernel's codes of the instructions. */
export const INSTRUCTION = {
  /** Load of a word of `struct seccomp_data`. */
  load: 0x20,
  jump: 0x05,
  ret: 0x06,
  tests: { "==": 0x15, ">": 0x25, ">=": 0x35, "&": 0x45 } satisfies Record<Test, number>,
} as const;

/**
 * Assembles a program.
 *
 * @throws {RangeError} if a jump is backwards, a test reaches too far, or the program is too long
 */
export function assembleBpf(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const labels = new Map<Label, number>();
  let count = 0;
  for (const instruction of program) {
    if (instruction.op === "label") labels.set(instruction.label, count);
    else count++;
  }
  if (count > MAX_INSTRUCTIONS) {
    throw new RangeError(`the filter needs ${count} instructions, maximum ${MAX_INSTRUCTIONS}`);
  }
  const bytes = new Uint8Array(count * SockFilter.size);
  const view = new DataView(bytes.buffer);
  let index = 0;
  const distance = (label: Label): number => {
    const length = (labels.get(label) ?? -1) - index - 1;
    if (length < 0) throw new RangeError(`a jump of ${length} instructions`);
    return length;
  };
  for (const instruction of program) {
    if (instruction.op === "label") continue;
    SockFilter.write(view, index * SockFilter.size, encode(instruction, distance));
    index++;
  }
  return bytes;
}

function encode(
  instruction: Exclude<Instruction, { op: "label" }>,
  distance: (label: Label) => number,
): { code: number; jt?: number; jf?: number; k: number } {
  const reach = (label: Label | undefined): number => {
    const length = label === undefined ? 0 : distance(label);
    if (length > TEST_REACH) throw new RangeError(`a test that jumps ${length} instructions`);
    return length;
  };
  switch (instruction.op) {
    case "load":
      return { code: INSTRUCTION.load, k: instruction.offset };
    case "test":
      return {
        code: INSTRUCTION.tests[instruction.test],
        jt: reach(instruction.then),
        jf: reach(instruction.otherwise),
        k: instruction.value,
      };
    case "jump":
      return { code: INSTRUCTION.jump, k: distance(instruction.to) };
    case "return":
      return { code: INSTRUCTION.ret, k: instruction.action };
  }
}
