/**
 * Descriptors that this process has from whoever started it, and gives up.
 *
 * @module
 */
import { F_GETFD, FD_CLOEXEC } from "./constants.ts";
import { numberedEntries } from "./numbered.ts";
import { X86_64 } from "./syscalls.ts";
import { systemCall } from "./system_call.ts";

const [STDIN, STDERR] = [0, 2];
const HIGHEST = 0xffff_ffff;
/** Descriptors that are looked at one by one where nothing lists them. */
const MOST_UNLISTED = 4096;

/**
 * Closes standard input and all else that was inherited, but standard output and standard error. What
 * this process opened itself is closed on exec, as the runtime and this project open everything, and
 * what came to it through exec is not. Where there is no `/proc`, all from number 4096 on is closed,
 * whoever opened it.
 *
 * @throws {SystemError} if the descriptors cannot be listed
 */
export function closeInherited(): void {
  systemCall(X86_64.close, STDIN);
  for (const fd of numberedEntries("/proc/self/fd") ?? unlisted()) {
    if (fd <= STDERR) continue;
    const flags = systemCall(X86_64.fcntl, fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) === 0) systemCall(X86_64.close, fd);
  }
}

function unlisted(): number[] {
  systemCall(X86_64.close_range, MOST_UNLISTED, HIGHEST, 0);
  return Array.from({ length: MOST_UNLISTED }, (_, fd) => fd);
}
