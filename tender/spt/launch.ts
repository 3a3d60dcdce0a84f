/**
 * The launch program: what a process image does between `execve` and the unikernel's first
 * instruction, as a straight line of system calls and checks. A plain value, the same for all guests
 * with the same devices; `template.ts` encodes it, and `fill.ts` makes it the launch of one guest.
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
export type Step = CallStep | CheckStep | RangeStep | ParentStep;

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

/** Kinds of ranges of a guest's addresses. */
export type RangeKind = "maps" | "protections" | "unmaps";

/** A system call for each range of a kind: of its start, its size, its protection, and more. */
export interface RangeStep {
  readonly each: RangeKind;
  readonly call: SystemCall;
  /** The arguments after these three. */
  readonly more: readonly number[];
  readonly purpose: string;
}

/** A step of a guest that must not outlive the process which starts it; other launches leave it out. */
export interface ParentStep {
  readonly each: "parent";
  readonly call: SystemCall;
  readonly args: readonly number[];
  /** As for {@linkcode CallStep}. */
  readonly purpose?: string;
  /** The result has to be the parent's process id; what to say of another. */
  readonly complaint?: string;
}

/** Constant bytes or text. */
export function data(content: Uint8Array | string, pointers: Data["pointers"] = []): Data {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { kind: "data", bytes, writable: false, pointers };
}

/** Bytes that the kernel writes into, with what they begin as. */
export function scratch(bytes: Uint8Array, pointers: Data["pointers"] = []): Data {
  return { kind: "data", bytes, writable: true, pointers };
}
