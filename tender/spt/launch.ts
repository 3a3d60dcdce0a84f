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
