/**
 * Descriptors: opening a file as the kernel's own calls want it.
 *
 * @module
 */
import { F_DUPFD_CLOEXEC, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR } from "./constants.ts";
import { check, cstr, seldom } from "./libc.ts";

const c = seldom({
  open: { parameters: ["buffer", "i32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
});

/** How to open a file. */
export interface OpenOptions {
  /** Refuse writes through this descriptor; it may be written to if not given. */
  readonly readOnly?: boolean;
  /** Calls on it come back at once. */
  readonly nonblocking?: boolean;
}

/**
 * Opens a file; a program that this process becomes does not inherit it.
 *
 * @throws {SystemError} with the path
 */
export function openDescriptor(path: string, options: OpenOptions = {}): number {
  const { readOnly = false, nonblocking = false } = options;
  const flags = (readOnly ? O_RDONLY : O_RDWR) | (nonblocking ? O_NONBLOCK : 0) | O_CLOEXEC;
  return check(c.open(cstr(path), flags), "open", path);
}

/**
 * Copies a descriptor; the new one is closed on exec.
 *
 * @throws {SystemError} if there are too many descriptors
 */
export function copyDescriptor(fd: number): number {
  return check(c.fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl");
}
