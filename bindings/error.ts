/**
 * The error of this room: a unikernel that cannot be built, or a toolchain
 * that cannot be installed.
 *
 * @module
 */

/** What went wrong, for programs; the message says it for people. */
export type ToolchainErrorCode =
  | "no-tool"
  | "source"
  | "compile"
  | "link"
  | "install"
  /** There is no directory for the cache or for temporary files. */
  | "cache";

/**
 * A tool that is missing, or a source that cannot be used. The message's first line says
 * what and where; the output of a compiler or linker follows it.
 */
export class ToolchainError extends Error {
  /** The name of the class. */
  override readonly name = "ToolchainError";
  /** What went wrong. */
  readonly code: ToolchainErrorCode;
  /** The lines of the message that a compiler or linker printed. */
  readonly said: readonly string[];

  /** An error with its whole message. */
  constructor(code: ToolchainErrorCode, message: string, said: readonly string[] = []) {
    super(message);
    this.code = code;
    this.said = said;
  }
}
