/**
 * The one error of this room: a launch that cannot be made or a host that refuses it.
 *
 * @module
 */

/** What went wrong, for programs; the message says it for people. */
export type TenderErrorCode =
  | "target"
  | "memory"
  | "arguments"
  | "device"
  /** A command line that is not as a program's usage says. */
  | "option"
  | "host"
  | "guest";

/** A unikernel that cannot be launched as asked. The message is complete: what, where, and what would be right. */
export class TenderError extends Error {
  /** The name of the class. */
  override readonly name = "TenderError";
  /** What went wrong. */
  readonly code: TenderErrorCode;

  /** An error with its whole message. */
  constructor(code: TenderErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
