/**
 * Pairs of connected sockets that keep packets apart.
 *
 * @module
 */
import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_SEQPACKET } from "./constants.ts";
import { check, seldom } from "./libc.ts";

/**
 * Makes two connected sockets. Calls on them do not block, and programs that this process starts inherit
 * neither.
 *
 * @throws {SystemError} if there are too many descriptors
 */
export function packetPair(): [number, number] {
  // Bound here, since most programs that load this file make no pair.
  const { socketpair } = seldom({
    socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  });
  const ends = new Int32Array(2);
  const type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
  check(socketpair(AF_UNIX, type, 0, ends), "socketpair");
  return [ends[0]!, ends[1]!];
}
