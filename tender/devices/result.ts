/**
 * What a request to a device comes to.
 *
 * @module
 */
import { RESULT } from "../../abi/solo5.ts";
import { ERRNO } from "../../linux/libc.ts";

/** A `solo5_result_t`. */
export type Result = typeof RESULT[keyof typeof RESULT];

/** What an `errno` of reading or writing is to a guest; the same on every target. */
export function resultOf(errno: number): Exclude<Result, typeof RESULT.OK> {
  switch (errno) {
    case ERRNO.EAGAIN:
      return RESULT.AGAIN;
    case ERRNO.EINVAL:
      return RESULT.EINVAL;
    default:
      return RESULT.EUNSPEC;
  }
}
