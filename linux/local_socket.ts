/**
 * Connections to programs of this host by the path of a socket.
 *
 * @module
 */
import { AF_UNIX, MSG_NOSIGNAL, POLLIN, SOCK_CLOEXEC } from "./constants.ts";
import { check, closeDescriptor, ERRNO, errno, seldom, SystemError } from "./libc.ts";

const c = seldom({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
});

/** Size of a path in `struct sockaddr_un`, in bytes, with the NUL behind it. */
const PATH_SIZE = 108;
const FAMILY_SIZE = 2;
/** What a connection fails with where nobody listens, or enough others want to connect. */
const NOT_YET: readonly number[] = [ERRNO.ENOENT, ERRNO.ECONNREFUSED, ERRNO.EAGAIN];

/**
 * Connects to a socket.
 *
 * @param type of the socket: `SOCK_STREAM` or `SOCK_SEQPACKET`, with `SOCK_NONBLOCK` if calls are not to block
 * @returns the descriptor, or undefined if nobody listens there, or not yet
 * @throws {SystemError} if it cannot connect for another reason
 */
export function connectLocal(path: string, type: number): number | undefined {
  const name = new TextEncoder().encode(path);
  if (name.length >= PATH_SIZE) throw new SystemError("connect", ERRNO.ENAMETOOLONG, path);
  const address = new Uint8Array(FAMILY_SIZE + PATH_SIZE);
  address[0] = AF_UNIX;
  address.set(name, FAMILY_SIZE);
  const fd = check(c.socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket");
  if (c.connect(fd, address, address.length) >= 0) return fd;
  const code = errno();
  closeDescriptor(fd);
  if (NOT_YET.includes(code)) return undefined;
  throw new SystemError("connect", code, path);
}

/**
 * Sends a text, and waits for an answer, which is not longer than 4 KiB.
 *
 * @param options `patience`: how long at most, in milliseconds
 * @returns undefined if none came
 */
export function ask(
  fd: number,
  question: string,
  { patience }: { patience: number },
): string | undefined {
  const bytes = new TextEncoder().encode(question);
  if (Number(c.send(fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL)) !== bytes.length) return;
  if (c.poll(new Int32Array([fd, POLLIN]), 1n, patience) <= 0) return undefined;
  const room = new Uint8Array(4096);
  const count = Number(c.recv(fd, room, BigInt(room.length), 0));
  return count > 0 ? new TextDecoder().decode(room.subarray(0, count)) : undefined;
}

/** Blocks this thread for so many milliseconds. */
export function pause(milliseconds: number): void {
  c.poll(new Int32Array(2), 0n, milliseconds);
}
