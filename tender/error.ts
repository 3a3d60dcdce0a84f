/**
 * The error of this room: a guest that cannot be launched, or a host that refuses to run it.
 *
 * @module
 */
import type { DeviceDeclaration } from "../abi/manifest.ts";

/** What went wrong, for programs. The message is for people. */
export type TenderErrorCode =
  | "target"
  | "memory"
  | "arguments"
  | "device"
  /** An option with a wrong value, or one that the target does not have. */
  | "option"
  | "host"
  | "guest"
  /** A guest of which no snapshot can be taken. */
  | "snapshot"
  /** A file that is no recording, a run that cannot be recorded, or a replay that differs from its recording. */
  | "recording";

/** One problem as data: what a program needs to mend it, or to say how. */
export type TenderProblem =
  /** The manifest declares a device, and none was given. */
  | { readonly kind: "not-attached"; readonly device: DeviceDeclaration }
  /** A device was given that the manifest does not declare, or declares as one of another type. */
  | {
    readonly kind: "not-declared";
    readonly name: string;
    /** What the manifest declares. */
    readonly declared: readonly DeviceDeclaration[];
  }
  /** The system does not let this user have an interface: which call failed, and its `errno`. */
  | {
    readonly kind: "interface";
    readonly interface: string;
    readonly call: string;
    readonly errno: number;
  }
  /** There is no such file or disk. */
  | { readonly kind: "no-storage"; readonly path: string }
  /** A file or disk is not a whole number of blocks, or not even one. Sizes are in bytes. */
  | {
    readonly kind: "storage-size";
    readonly path: string;
    readonly size: number;
    readonly blockSize: number;
  }
  /** A size of memory that the target does not have. Sizes are in bytes. */
  | {
    readonly kind: "memory-size";
    readonly size: number;
    readonly least: number;
    readonly most: number;
  }
  /** A unikernel that does not fit into the memory that it was given, and the least that its target can give it. */
  | { readonly kind: "too-little-memory"; readonly size: number; readonly least: number }
  /** A unikernel of a target that cannot be packed. */
  | { readonly kind: "not-packable"; readonly target: string }
  /** Where a replay differs from its recording: at which input (from 1 on), and which instruction comes next. */
  | {
    readonly kind: "difference";
    readonly input: number;
    readonly address?: number;
    readonly expected: string;
    readonly found: string;
  }
  /** A recording that ends before its run did, after so many inputs. */
  | { readonly kind: "cut-off"; readonly inputs: number };

/** A unikernel that cannot be launched as asked. The message says what is wrong, where, and what would be right. */
export class TenderError extends Error {
  /** The name of the class. */
  override readonly name = "TenderError";
  /** What went wrong. */
  readonly code: TenderErrorCode;
  /** The problems as data, one for each line of the message; empty if there are only the message and the code. */
  readonly problems: readonly TenderProblem[];

  /** An error with its whole message. */
  constructor(
    code: TenderErrorCode,
    message: string,
    { problems = [] }: { problems?: readonly TenderProblem[] } = {},
  ) {
    super(message);
    this.code = code;
    this.problems = problems;
  }
}
