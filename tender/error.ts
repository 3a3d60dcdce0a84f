/**
 * The one error of this room: a launch that cannot be made or a host that refuses it.
 *
 * @module
 */
import type { DeviceDeclaration } from "../abi/manifest.ts";

/** What went wrong, for programs; the message says it for people. */
export type TenderErrorCode =
  | "target"
  | "memory"
  | "arguments"
  | "device"
  /** A command line that is not as a program's usage says. */
  | "option"
  | "host"
  | "guest"
  /** A guest of which no snapshot can be taken. */
  | "snapshot";

/** One thing that is wrong, as data: what a program needs to mend it, or to tell how. */
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
  | { readonly kind: "not-packable"; readonly target: string };

/** A unikernel that cannot be launched as asked. The message is complete: what, where, and what would be right. */
export class TenderError extends Error {
  /** The name of the class. */
  override readonly name = "TenderError";
  /** What went wrong. */
  readonly code: TenderErrorCode;
  /** The same as data, one for each line of the message; empty where the message is all there is. */
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
