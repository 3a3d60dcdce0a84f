/**
 * The error of this room: a guest that a pool does not start.
 *
 * @module
 */

/** Why a pool does not start a guest, for programs. The message is for people. */
export type PoolErrorCode =
  /** As many guests are alive as may be, and the pool has no queue. */
  | "guests"
  /** There is not enough memory left and the pool has no queue, or there never is that much. */
  | "memory"
  /** As many starts wait as may. */
  | "queue"
  /** The start has waited for as long as it may. */
  | "wait"
  /** The pool was disposed of, or the image was. */
  | "closed";

/** A guest that a pool does not start. */
export class PoolError extends Error {
  /** The name of the class. */
  override readonly name = "PoolError";
  /** Why. */
  readonly code: PoolErrorCode;
  /** The bound that was reached: guests, bytes, starts or milliseconds; undefined for "closed". */
  readonly bound?: number;

  /** An error with its whole message. */
  constructor(code: PoolErrorCode, message: string, { bound }: { bound?: number } = {}) {
    super(message);
    this.code = code;
    this.bound = bound;
  }
}
