/**
 * The launch program: what a process image does between `execve` and the unikernel's first
 * instruction, as a straight line of system calls and checks. A plain value, the same for all guests
 * with the same devices; `template.ts` encodes it, and `fill.ts` makes it the launch of one guest.
 *
 * @module
 */
import type { SystemCall } from "../../linux/syscalls.ts";
import type { GuestKind } from "./page.ts";

/** Bytes that the program brings with it; as an argument, their address. */
export interface Data {
  readonly kind: "data";
  readonly bytes: Uint8Array;
  /** Whether they are writable until the unikernel starts, and gone then. */
  readonly temporary: boolean;
  /** Where addresses of other bytes go: 8 bytes at `at`. */
  readonly pointers: readonly { readonly at: number; readonly to: Data }[];
}

/** The result of the system call before. */
export const PREVIOUS = { kind: "previous" } as const;

/** An argument of a system call. */
export type Operand = number | Data | typeof PREVIOUS;

/** One step. What does not hold ends the process with a line that says so, and status 1. */
export type Step = CallStep | CheckStep | GuestStep;

/** A system call, and what its result has to be. */
export interface CallStep extends Told {
  readonly call: SystemCall;
  readonly args: readonly Operand[];
  /** What the call is for: if it fails, the line is "cannot …: reason". Without it, failing is no fault. */
  readonly purpose?: string;
  /** The only result that is right, and what to say of another. */
  readonly expect?: { readonly result: number; readonly complaint: string };
  /** What to say if it fails, where the kernel's reason would mislead. */
  readonly complaint?: string;
  /** How many of the next steps are left out if it succeeds; failing is no fault. */
  readonly skip?: number;
}

/** A step that may have something to say. */
interface Told {
  /** Whether its text is gone before the unikernel starts, as it says what the guest is not told. */
  readonly secret?: boolean;
}

/** A look at what an earlier call stored. */
export interface CheckStep extends Told {
  readonly data: Data;
  /** Where the 32-bit word lies. */
  readonly at: number;
  /** The bits that count. */
  readonly mask: number;
  readonly equals: number;
  /** What to say if it is something else. */
  readonly complaint: string;
}

/** A call, or a copy, for each of what one guest has of a kind, which may be nothing. */
export interface GuestStep {
  /** The kind, which gives the first three arguments, and the result where one is expected. */
  readonly each: GuestKind;
  readonly call: SystemCall | "copy";
  /** The arguments after these three. */
  readonly more: readonly number[];
  /** As {@linkcode CallStep.purpose}. */
  readonly purpose?: string;
  /** What to say of a result that is not expected. */
  readonly unexpected?: string;
}

/** Constant bytes or text. */
export function data(content: Uint8Array | string, pointers: Data["pointers"] = []): Data {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { kind: "data", bytes, temporary: false, pointers };
}

/** Bytes or text that the guest is not to see, or that the kernel writes into, with what they begin as. */
export function scratch(content: Uint8Array | string, pointers: Data["pointers"] = []): Data {
  return { ...data(content, pointers), temporary: true };
}
