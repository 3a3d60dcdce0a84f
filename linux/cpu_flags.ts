/**
 * What Linux says of the CPU.
 *
 * @module
 */
import { openDescriptor } from "./descriptor.ts";
import { closeDescriptor } from "./libc.ts";
import { readOnce } from "./transfer.ts";

/** All CPUs have the same features; the first one's description is shorter than this, in bytes. */
const FIRST = 8192;

/**
 * The names of the CPU's features; none where Linux does not tell.
 *
 * @throws {SystemError} if `/proc` is not mounted
 */
export function cpuFlags(): string[] {
  const fd = openDescriptor("/proc/cpuinfo", { readOnly: true });
  try {
    const bytes = new Uint8Array(FIRST);
    const count = Math.max(readOnce(fd, bytes), 0);
    const text = new TextDecoder().decode(bytes.subarray(0, count));
    return /^flags\s*:(.*)$/m.exec(text)?.[1]?.trim().split(" ") ?? [];
  } finally {
    closeDescriptor(fd);
  }
}
