/**
 * Descriptors that this process inherited, and gives to a guest.
 *
 * @module
 */
import {
  F_GETFD,
  F_GETPIPE_SZ,
  F_SETFD,
  FD_CLOEXEC,
  SO_TYPE,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./constants.ts";
import { InterfaceError } from "./interface_error.ts";
import { ERRNO, errorText, seldom } from "./libc.ts";
import { Ifreq, REQUEST } from "./tap_abi.ts";

const c = seldom({
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
});

/**
 * Checks that a descriptor was given to this process, and that it passes frames: a socket, an interface
 * that is attached, or an end of a pipe. What the runtime has opened for itself is closed on exec.
 *
 * @throws {InterfaceError} naming the descriptor
 */
export function checkInherited(fd: number): void {
  const flags = c.fcntl(fd, F_GETFD, 0);
  if (flags < 0) throw refused(fd, errorText(ERRNO.EBADF));
  if ((flags & FD_CLOEXEC) !== 0) throw refused(fd, "Is not inherited, but closed on exec");
  if (passes(fd) === undefined) {
    throw refused(fd, "Is neither a socket, a TAP interface nor a pipe");
  }
}

/** Something that passes frames. */
export type Passing = "interface" | "datagram socket" | "other socket" | "pipe";

/** What a descriptor is that passes frames, or undefined. A terminal does not count: it changes bytes. */
export function passes(fd: number): Passing | undefined {
  if (c.ioctl(fd, BigInt(REQUEST.TUNGETIFF), new Uint8Array(Ifreq.size)) >= 0) return "interface";
  const type = new Int32Array(1);
  if (c.getsockopt(fd, SOL_SOCKET, SO_TYPE, type, Uint32Array.of(4)) >= 0) {
    return type[0] === SOCK_DGRAM ? "datagram socket" : "other socket";
  }
  return c.fcntl(fd, F_GETPIPE_SZ, 0) >= 0 ? "pipe" : undefined;
}

/** Keeps a descriptor of this process open in programs that it becomes or spawns. */
export function makeInheritable(fd: number): void {
  c.fcntl(fd, F_SETFD, 0);
}

/**
 * Does something at once, such as to start a program, while some descriptors are inherited. Programs that this
 * thread starts before or afterwards do not get them.
 */
export function whileInherited<T>(fds: readonly number[], action: () => T): T {
  const before = fds.map((fd) => ({ fd, flags: c.fcntl(fd, F_GETFD, 0) }));
  for (const { fd } of before) makeInheritable(fd);
  try {
    return action();
  } finally {
    for (const { fd, flags } of before) c.fcntl(fd, F_SETFD, flags);
  }
}

function refused(fd: number, reason: string): InterfaceError {
  return new InterfaceError(`@${fd}`, reason);
}
