/**
 * The launch program: what a process image does between `execve` and the unikernel's first
 * instruction, as a straight line of system calls and checks. A plain value; `encode.ts` turns it into
 * a page of memory that performs it.
 *
 * @module
 */
import type { SystemCall } from "./syscalls.ts";

/** Bytes that the program brings with it; as an argument, their address. */
export interface Data {
  readonly kind: "data";
  readonly bytes: Uint8Array;
  /** Whether the kernel writes into them; they are gone before the unikernel starts. */
  readonly writable: boolean;
  /** Where addresses of other bytes go: 8 bytes at `at`. */
  readonly pointers: readonly { readonly at: number; readonly to: Data }[];
}

/** The result of the system call before. */
export const PREVIOUS = { kind: "previous" } as const;

/** An argument of a system call. */
export type Operand = number | Data | typeof PREVIOUS;

/** One step. What does not hold ends the process with a line that says so, and status 1. */
export type Step = CallStep | CheckStep;

/** A system call, and what its result has to be. */
export interface CallStep {
  readonly call: SystemCall;
  readonly args: readonly Operand[];
  /** What the call is for: if it fails, the line is "cannot …: reason". Without it, failing is no fault. */
  readonly purpose?: string;
  /** The only result that is right, and what to say of another. */
  readonly expect?: { readonly result: number; readonly complaint: string };
}

/** A look at what an earlier call stored. */
export interface CheckStep {
  readonly data: Data;
  /** Where the 32-bit word lies. */
  readonly at: number;
  /** The bits that count. */
  readonly mask: number;
  readonly equals: number;
  /** What to say if it is something else. */
  readonly complaint: string;
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

const utf8 = new TextEncoder();

/** Constant bytes or text. */
export function data(content: Uint8Array | string, pointers: Data["pointers"] = []): Data {
  const bytes = typeof content === "string" ? utf8.encode(content) : content;
  return { kind: "data", bytes, writable: false, pointers };
}

/** Bytes that the kernel writes into, with what they begin as. */
export function scratch(bytes: Uint8Array, pointers: Data["pointers"] = []): Data {
  return { kind: "data", bytes, writable: true, pointers };
}

/** Reasons that a failing call can give by name, by `errno` (Linux); others are told as a refusal. */
export const REASONS: readonly (readonly [errno: number, text: string])[] = [
  [1, "Operation not permitted"],
  [2, "No such file or directory"],
  [6, "No such device or address"],
  [9, "Bad file descriptor"],
  [12, "Cannot allocate memory"],
  [13, "Permission denied"],
  [16, "Device or resource busy"],
  [17, "File exists"],
  [19, "No such device"],
  [20, "Not a directory"],
  [21, "Is a directory"],
  [22, "Invalid argument"],
  [23, "Too many open files in system"],
  [24, "Too many open files"],
  [26, "Text file busy"],
  [30, "Read-only file system"],
  [36, "File name too long"],
  [38, "Function not implemented"],
  [40, "Too many levels of symbolic links"],
  [77, "File descriptor in bad state"],
];
