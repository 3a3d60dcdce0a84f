/**
 * The error of this room: a call that cannot be made, or that did not end well.
 *
 * @module
 */

/** What went wrong, for programs. The message is for people. */
export type McpErrorCode =
  /** The configuration breaks a rule, or cannot be read or written. */
  | "config"
  /** There is no such server or tool, or it is disabled. */
  | "unknown"
  /** What was asked for is not allowed: a direct execution, a request to a host that is not listed. */
  | "denied"
  /** Arguments or a result do not conform to the tool's schema, or are no JSON. */
  | "validation"
  /** There is no image, or it is no unikernel, or it cannot be launched as configured. */
  | "image"
  /** Too many instances, or too many calls that wait. */
  | "busy"
  /** A limit of time, memory or output was reached. */
  | "limit"
  /** The unikernel ended without an answer. */
  | "crash"
  /** What the unikernel sent is no answer. */
  | "protocol"
  /** The caller gave up. */
  | "cancelled"
  /** The tool itself answered with an error. */
  | "tool"
  /** A peer cannot be reached. */
  | "network";

/** A call that failed, or a configuration that is none. */
export class McpError extends Error {
  /** The name of the class. */
  override readonly name = "McpError";
  /** What went wrong. */
  readonly code: McpErrorCode;
  /** More about it, for programs: plain JSON. */
  readonly data: Readonly<Record<string, unknown>>;

  /** An error with its whole message. */
  constructor(
    code: McpErrorCode,
    message: string,
    data: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
