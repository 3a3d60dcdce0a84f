/**
 * Descriptors: opening a file as the kernel's own calls want it.
 *
 * @module
 */
import { check, cstr, libc } from "./libc.ts";

const c = libc({
  open: { parameters: ["buffer", "i32"], result: "i32" },
});

const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;

/**
 * Opens a file for reading and writing; a program that this process becomes does not inherit it.
 *
 * @throws {SystemError} with the path
 */
export function openDescriptor(path: string): number {
  return check(c.open(cstr(path), O_RDWR | O_CLOEXEC), "open", path);
}
