/**
 * Closes the descriptors that this process inherited.
 *
 * @module
 */
import { F_GETFD, FD_CLOEXEC, STDERR_FILENO, STDIN_FILENO } from "./constants.ts";
import { numberedEntries } from "./numbered.ts";
import { X86_64 } from "./syscalls.ts";
import { systemCall } from "./system_call.ts";

const HIGHEST = 0xffff_ffff;
/** Descriptors below this number are checked one by one where `/proc` does not list them. */
const MOST_UNLISTED = 4096;

/**
 * Closes standard input and every other inherited descriptor, but not standard output and standard
 * error. An inherited descriptor is one that is not closed on exec: the runtime and this project open
 * everything with that flag. Without `/proc`, every descriptor from 4096 on is closed.
 *
 * @throws {SystemError} if the descriptors cannot be listed
 */
export function closeInherited(): void {
  systemCall(X86_64.close, STDIN_FILENO);
  for (const fd of numberedEntries("/proc/self/fd") ?? unlisted()) {
    if (fd <= STDERR_FILENO) continue;
    const flags = systemCall(X86_64.fcntl, fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) === 0) systemCall(X86_64.close, fd);
  }
}

function unlisted(): number[] {
  systemCall(X86_64.close_range, MOST_UNLISTED, HIGHEST, 0);
  return Array.from({ length: MOST_UNLISTED }, (_, fd) => fd);
}
