/**
 * The error of this room: a file that breaks a rule.
 *
 * @module
 */

/** What is wrong with a file, for programs; the message says it for people. */
export type ElfErrorCode =
  | "elf-header"
  | "elf-segment"
  | "elf-note"
  | "elf-symbols"
  | "abi"
  | "no-abi"
  /** A portable unikernel, or bindings to put under it, are not what they must be. */
  | "portable"
  /** A Linux program that cannot be made a unikernel. */
  | "program"
  /** A root file system that is damaged, or cannot be. */
  | "root"
  | "manifest"
  | "no-manifest"
  | "manifest-source"
  /** What was asked about is no address. */
  | "address"
  /** The reader of standard output is gone. */
  | "unread"
  | "file";

/**
 * Bytes that break a rule of the Solo5 contracts. The message starts with the file's name and names
 * the place and the rule.
 */
export class ElfError extends Error {
  /** The name of the class. */
  override readonly name = "ElfError";
  /** What went wrong. */
  readonly code: ElfErrorCode;

  /** The file that could not be read or written, and the system's name for why: `ENOENT`. */
  readonly failure?: { readonly path: string; readonly reason?: string };

  /** An error with its whole message. */
  constructor(
    code: ElfErrorCode,
    message: string,
    { failure }: { failure?: { path: string; reason?: string } } = {},
  ) {
    super(message);
    this.code = code;
    this.failure = failure;
  }
}
