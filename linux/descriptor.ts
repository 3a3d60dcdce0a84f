/**
 * Descriptors: opening a file as the kernel's own calls want it.
 *
 * @module
 */
import { O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR } from "./constants.ts";
import { check, cstr, seldom } from "./libc.ts";

const c = seldom({
  open: { parameters: ["buffer", "i32"], result: "i32" },
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
