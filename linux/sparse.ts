/**
 * Where a sparse file has content.
 *
 * @module
 */
import { check, ERRNO, errno, seldom } from "./libc.ts";

const c = seldom({ lseek: { parameters: ["i32", "i64", "i32"], result: "i64" } });

const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/**
 * Walks through the parts of a file that hold something; all else reads as zeros. Moves the
 * descriptor's position.
 *
 * @throws {SystemError} if the descriptor is not that of a file
 */
export function* contentRanges(fd: number): Generator<{ start: number; end: number }> {
  for (let end = 0;;) {
    const start = Number(c.lseek(fd, BigInt(end), SEEK_DATA));
    // There is nothing more.
    if (start < 0 && errno() === ERRNO.ENXIO) return;
    check(start, "lseek");
    end = check(Number(c.lseek(fd, BigInt(start), SEEK_HOLE)), "lseek");
    yield { start, end };
  }
}
