/**
 * The console: writes all bytes to a descriptor, whatever kind of file it is.
 *
 * @module
 */
import { POLLOUT } from "./constants.ts";
import { ERRNO, errno, seldom, SystemError } from "./libc.ts";

const c = seldom({
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
});

/**
 * Writes all of `data`, waiting where a descriptor that does not block is full.
 *
 * @param late whether to give up; asked after each partial write, and when a signal interrupts a write
 * @returns false when it gave up, or when nobody reads any more, which ends a program quietly (as
 * SIGPIPE does)
 * @throws {SystemError} when the descriptor cannot be written to
 */
export function writeAll(
  fd: number,
  data: Uint8Array<ArrayBuffer>,
  late?: () => boolean,
): boolean {
  return writePart(fd, data, late)?.length === 0;
}

/**
 * Writes as {@linkcode writeAll} does.
 *
 * @returns what is left, which is nothing unless it gave up; undefined when nobody reads any more
 */
export function writePart(
  fd: number,
  data: Uint8Array<ArrayBuffer>,
  late: () => boolean = () => false,
): Uint8Array<ArrayBuffer> | undefined {
  let rest = data;
  while (rest.length > 0) {
    const written = Number(c.write(fd, rest, BigInt(rest.length)));
    const code = written < 0 ? errno() : undefined;
    rest = rest.subarray(Math.max(written, 0));
    if (rest.length === 0) break;
    if (code === ERRNO.EPIPE) return undefined;
    if (late()) break;
    // If a signal interrupts the wait, the next write asks whether it is late.
    if (code === ERRNO.EAGAIN) waitWritable(fd);
    else if (code !== undefined && code !== ERRNO.EINTR) {
      throw new SystemError("write", code, "console");
    }
  }
  return rest;
}

function waitWritable(fd: number): void {
  const FOREVER = -1;
  c.poll(new Int32Array([fd, POLLOUT]), 1n, FOREVER);
}
