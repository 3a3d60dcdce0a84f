/**
 * Packets through connected sockets: each is received whole, in order, and none is lost while both ends
 * are open. No call blocks.
 *
 * @module
 */
import { FIONREAD, MSG_NOSIGNAL, MSG_TRUNC, POLLRDHUP, SHUT_RDWR } from "./constants.ts";
import { check, ERRNO, errno, libc, seldom, SystemError } from "./libc.ts";

const c = libc({
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
});
const others = seldom({
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
});

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Sends a packet.
 *
 * @returns `full` if there is no room for it now, `closed` if the other end is
 * @throws {SystemError} if it is longer than the socket takes, or the socket does not work
 */
export function sendPacket(fd: number, packet: Bytes): "sent" | "full" | "closed" {
  for (;;) {
    if (c.send(fd, packet, BigInt(packet.length), MSG_NOSIGNAL) >= 0) return "sent";
    const code = errno();
    if (code === ERRNO.EAGAIN) return "full";
    if (code === ERRNO.EPIPE || code === ERRNO.ECONNRESET) return "closed";
    if (code !== ERRNO.EINTR) throw new SystemError("send", code);
  }
}

/**
 * Receives a packet into `room`.
 *
 * @returns the length that it was sent with, of which what does not fit into `room` is lost; `none` if
 * there is none now; `closed` if there are no more, since the other end is closed
 * @throws {SystemError} if the socket does not work
 */
export function receivePacket(fd: number, room: Bytes): number | "none" | "closed" {
  for (;;) {
    const length = c.recv(fd, room, BigInt(room.length), MSG_TRUNC);
    if (length > 0) return length;
    if (length === 0) return isAtEnd(fd) ? "closed" : 0;
    const code = errno();
    if (code === ERRNO.EAGAIN) return "none";
    // Said once, where the other end was closed before it had read everything; what it sent follows.
    if (code !== ERRNO.ECONNRESET && code !== ERRNO.EINTR) throw new SystemError("recv", code);
  }
}

/** Closes a socket for both directions. The other end still receives what was sent to it. */
export function endPackets(fd: number): void {
  others.shutdown(fd, SHUT_RDWR);
  // What is left unread would be an error at the other end.
  const room = new Uint8Array(1);
  while (c.recv(fd, room, 1n, MSG_TRUNC) > 0);
}

/** Whether the other end is closed, and nothing is left of what it sent: a read of 0 may be an empty packet. */
function isAtEnd(fd: number): boolean {
  const asked = new Int32Array([fd, POLLRDHUP]);
  if (others.poll(asked, 1n, 0) <= 0) return false;
  const left = new Int32Array(1);
  check(others.ioctl(fd, BigInt(FIONREAD), left), "ioctl");
  return left[0] === 0;
}
