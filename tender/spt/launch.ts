/**
 * The launch program: what a process image does between `execve` and the unikernel's first
 * instruction, as a straight line of system calls. A plain value; an encoder turns it into the
 * machine code of one page (`encode_x86_64.ts`).
 *
 * @module
 */
import type { SystemCall } from "./syscalls.ts";

/** Constant bytes that lie in the launch page; as an argument, their address. */
export interface Data {
  readonly kind: "data";
  readonly bytes: Uint8Array;
  /** Where addresses of other constants go: 8 bytes at `at`. */
  readonly pointers: readonly { readonly at: number; readonly to: Data }[];
}

/** The result of the step before. */
export const PREVIOUS = { kind: "previous" } as const;

/** An argument of a system call. */
export type Operand = number | Data | typeof PREVIOUS;

/** One step: a system call, and what its result has to be. */
export interface Step {
  readonly call: SystemCall;
  readonly args: readonly Operand[];
  /**
   * What the step was for. If the call fails, the process says so with the reason and ends with
   * status 1. Without it, failing is no fault.
   */
  readonly purpose?: string;
}

/** How the unikernel gets control: all other general registers are zero. */
export interface Entry {
  readonly address: number;
  readonly stack: number;
  readonly argument: number;
}

/** A launch program. */
export interface LaunchProgram {
  /** What its messages begin with, for instance `soloden: hello.spt`. */
  readonly name: string;
  readonly steps: readonly Step[];
  readonly entry: Entry;
}

/** A constant of bytes, or of text. */
export function data(content: Uint8Array | string, pointers: Data["pointers"] = []): Data {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { kind: "data", bytes, pointers };
}

/** Reasons that a failing step can give by name, by `errno` (Linux); others are given by number. */
export const REASONS: Readonly<Record<number, string>> = {
  1: "Operation not permitted",
  2: "No such file or directory",
  9: "Bad file descriptor",
  12: "Cannot allocate memory",
  13: "Permission denied",
  16: "Device or resource busy",
  19: "No such device",
  22: "Invalid argument",
  24: "Too many open files",
  38: "Function not implemented",
};
