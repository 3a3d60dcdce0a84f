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
  override readonly name = "TenderError";
  readonly code: TenderErrorCode;

  constructor(code: TenderErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
