/**
 * A private copy of a file in memory, for a guest that may write while the file stays as it is. Holes
 * stay holes.
 *
 * @module
 */
import { check, closeDescriptor, cstr, ERRNO, errno, seldom, SystemError } from "./libc.ts";
import { openDescriptor } from "./descriptor.ts";

const c = seldom({
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  sendfile: { parameters: ["i32", "i32", "pointer", "usize"], result: "isize" },
});

const SEEK_SET = 0;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/**
 * Copies a file or block device.
 *
 * @param size how much of it, in bytes
 * @returns a descriptor that programs which this process becomes inherit
 * @throws {SystemError}
 */
export function privateCopy(path: string, size: number): number {
  const from = openDescriptor(path, { readOnly: true });
  const to = check(c.memfd_create(cstr("overlay"), 0), "memfd_create", path);
  try {
    check(c.ftruncate(to, BigInt(size)), "ftruncate", path);
    for (let end = 0; end < size;) {
      const start = nextData(from, end) ?? size;
      end = start < size ? nextHole(from, start, size) : size;
      copyRange({ from, to, path }, start, end);
    }
    return to;
  } catch (error) {
    closeDescriptor(to);
    throw error;
  } finally {
    closeDescriptor(from);
  }
}

/** Start of the data from `at` on; undefined if there is none. */
function nextData(fd: number, at: number): number | undefined {
  const start = Number(c.lseek(fd, BigInt(at), SEEK_DATA));
  if (start >= 0) return start;
  // Block devices know of no holes: there, all is data.
  if (errno() === ERRNO.EINVAL) return at;
  if (errno() === ERRNO.ENXIO) return undefined;
  throw new SystemError("lseek", errno());
}

function nextHole(fd: number, at: number, size: number): number {
  const hole = Number(c.lseek(fd, BigInt(at), SEEK_HOLE));
  return hole < 0 ? size : Math.min(hole, size);
}

function copyRange(
  { from, to, path }: { from: number; to: number; path: string },
  start: number,
  end: number,
): void {
  for (const fd of [from, to]) check(Number(c.lseek(fd, BigInt(start), SEEK_SET)), "lseek", path);
  for (let rest = end - start; rest > 0;) {
    const copied = check(Number(c.sendfile(to, from, null, BigInt(rest))), "sendfile", path);
    if (copied === 0) throw new SystemError("sendfile", ERRNO.EIO, path);
    rest -= copied;
  }
}
