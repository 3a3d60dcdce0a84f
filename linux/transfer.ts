/**
 * Reads and writes of descriptors as devices need them: whole pieces of a file, and single frames.
 *
 * @module
 */
import { F_DUPFD_CLOEXEC, F_GETFL, F_SETFL, O_NONBLOCK, SEEK_END } from "./constants.ts";
import { check, ERRNO, errno, libc, seldom } from "./libc.ts";

// The kernel never moves 2 GiB at once, so results fit into 32 bits, and a result of 32 bits is cheaper.
const c = libc({
  pread64: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" },
  pwrite64: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
});
const setUp = seldom({
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
});

type Bytes = Uint8Array<ArrayBuffer>;

/** Size of a file or block device, in bytes. */
export function sizeOf(fd: number, path: string): number {
  return check(Number(setUp.lseek(fd, 0n, SEEK_END)), "lseek", path);
}

/**
 * Fills `data` from `offset` of a file on.
 *
 * @returns false if the file ends too early, or cannot be read
 */
export function readAt(fd: number, data: Bytes, { offset }: { offset: number }): boolean {
  return whole(c.pread64, { fd, data, offset });
}

/**
 * Writes all of `data` at `offset` of a file.
 *
 * @returns false if the file does not take it
 */
export function writeAt(fd: number, data: Bytes, { offset }: { offset: number }): boolean {
  return whole(c.pwrite64, { fd, data, offset });
}

/** One read. Returns the bytes read, or a negative `errno`. */
export function readOnce(fd: number, data: Bytes): number {
  return once(c.read, fd, data);
}

/** One write. Returns the bytes written, or a negative `errno`. */
export function writeOnce(fd: number, data: Bytes): number {
  return once(c.write, fd, data);
}

/**
 * Duplicates an inherited descriptor; the new one is closed on exec. From now on, calls on neither block.
 *
 * @throws {SystemError} if there is no such descriptor
 */
export function duplicateNonblocking(fd: number): number {
  const flags = check(setUp.fcntl(fd, F_GETFL, 0), "fcntl");
  check(setUp.fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
  return check(setUp.fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl");
}

function whole(
  call: typeof c.pread64,
  { fd, data, offset }: { fd: number; data: Bytes; offset: number },
): boolean {
  let done = 0;
  while (done < data.length) {
    const rest = done === 0 ? data : data.subarray(done);
    const count = call(fd, rest, BigInt(rest.length), BigInt(offset + done));
    if (count > 0) done += count;
    else if (count === 0 || errno() !== ERRNO.EINTR) return false;
  }
  return true;
}

function once(call: typeof c.read, fd: number, data: Bytes): number {
  for (;;) {
    const count = call(fd, data, BigInt(data.length));
    if (count >= 0) return count;
    const code = errno();
    if (code !== ERRNO.EINTR) return -code;
  }
}
