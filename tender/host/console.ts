/**
 * The console: bytes to a descriptor, at once and all of them, whatever stands behind it.
 *
 * @module
 */
import { ERRNO, errno, seldom, SystemError } from "./libc.ts";

const c = seldom({
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
});

const POLLOUT = 4;

/** Standard output. */
export const STDOUT = 1;

/**
 * Writes all of `data`, waiting where a descriptor that does not block is full.
 *
 * @returns false when nobody reads any more, which ends a program quietly (as SIGPIPE does)
 * @throws {SystemError} when the descriptor cannot be written to
 */
export function writeAll(fd: number, data: Uint8Array<ArrayBuffer>): boolean {
  let rest = data;
  while (rest.length > 0) {
    const written = Number(c.write(fd, rest, BigInt(rest.length)));
    if (written >= 0) {
      rest = rest.subarray(written);
      continue;
    }
    const code = errno();
    if (code === ERRNO.EPIPE) return false;
    if (code === ERRNO.EAGAIN) waitWritable(fd);
    else if (code !== ERRNO.EINTR) throw new SystemError("write", code, "console");
  }
  return true;
}

function waitWritable(fd: number): void {
  const FOREVER = -1;
  c.poll(new Int32Array([fd, POLLOUT]), 1n, FOREVER);
}
