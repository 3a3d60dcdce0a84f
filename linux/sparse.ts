/**
 * Sparse files: where they have content, and copies of them in which holes stay holes.
 *
 * @module
 */
import { SEEK_DATA, SEEK_HOLE, SEEK_SET } from "./constants.ts";
import { openDescriptor } from "./descriptor.ts";
import { check, closeDescriptor, cstr, ERRNO, errno, seldom, SystemError } from "./libc.ts";

const c = seldom({
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  pread64: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  sendfile: { parameters: ["i32", "i32", "pointer", "usize"], result: "isize" },
});

/** How much is read at once, in bytes. */
const CHUNK = 0x10_0000;

/** A part of a file, in bytes from its start: `[start, end)`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Copies a file or block device into memory, for a guest that may write while the file stays as it is.
 *
 * @param size how much of it, in bytes; a file that is shorter is followed by zeros
 * @returns a descriptor that programs which this process becomes inherit
 * @throws {SystemError} if it cannot be read
 */
export function privateCopy(path: string, size: number): number {
  const from = openDescriptor(path, { readOnly: true });
  const to = check(c.memfd_create(cstr("overlay"), 0), "memfd_create", path);
  try {
    check(c.ftruncate(to, BigInt(size)), "ftruncate", path);
    for (const range of contentRanges(from, size)) sendRange({ from, to, path }, range);
    return to;
  } catch (error) {
    closeDescriptor(to);
    throw error;
  } finally {
    closeDescriptor(from);
  }
}

/**
 * Passes on what the first `size` bytes of a file hold, piece by piece; what is not passed on is zeros.
 * Moves the descriptor's position.
 *
 * @param put gets each piece with its offset in the file; the bytes are valid during the call
 * @throws {SystemError} if the file cannot be read
 */
export function copyContent(
  fd: number,
  size: number,
  put: (offset: number, bytes: Uint8Array<ArrayBuffer>) => void,
): void {
  const chunk = new Uint8Array(CHUNK);
  for (const { start, end } of contentRanges(fd, size)) {
    for (let at = start; at < end;) {
      const most = BigInt(Math.min(CHUNK, end - at));
      const count = check(Number(c.pread64(fd, chunk, most, BigInt(at))), "pread64");
      if (count === 0) break;
      put(at, chunk.subarray(0, count));
      at += count;
    }
  }
}

/** The parts of the first `size` bytes of a file that are no holes. Moves the descriptor's position. */
export function* contentRanges(fd: number, size: number): Generator<Range> {
  for (let end = 0; end < size;) {
    const start = nextData(fd, end) ?? size;
    if (start >= size) return;
    end = nextHole(fd, start, size);
    yield { start, end };
  }
}

/** Start of the data from `at` on; undefined if there is none. */
function nextData(fd: number, at: number): number | undefined {
  const start = Number(c.lseek(fd, BigInt(at), SEEK_DATA));
  if (start >= 0) return start;
  // A block device knows of no holes: all of it is data.
  if (errno() === ERRNO.EINVAL) return at;
  if (errno() === ERRNO.ENXIO) return undefined;
  throw new SystemError("lseek", errno());
}

function nextHole(fd: number, at: number, size: number): number {
  const hole = Number(c.lseek(fd, BigInt(at), SEEK_HOLE));
  return hole < 0 ? size : Math.min(hole, size);
}

function sendRange(
  { from, to, path }: { from: number; to: number; path: string },
  { start, end }: Range,
): void {
  for (const fd of [from, to]) check(Number(c.lseek(fd, BigInt(start), SEEK_SET)), "lseek", path);
  for (let rest = end - start; rest > 0;) {
    const sent = check(Number(c.sendfile(to, from, null, BigInt(rest))), "sendfile", path);
    if (sent === 0) throw new SystemError("sendfile", ERRNO.EIO, path);
    rest -= sent;
  }
}
