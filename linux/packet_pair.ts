/**
 * Pairs of connected sockets that keep packets apart.
 *
 * @module
 */
import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_SEQPACKET } from "./constants.ts";
import { check, seldom } from "./libc.ts";

/** Bound when it is needed, since most programs that load this file make no pair. */
let bound: ReturnType<typeof bind> | undefined;

function bind() {
  return seldom({ socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" } });
}

/**
 * Makes two connected sockets. Calls on them do not block, and programs that this process starts inherit
 * neither.
 *
 * @throws {SystemError} if there are too many descriptors
 */
export function packetPair(): [number, number] {
  const { socketpair } = bound ??= bind();
  const ends = new Int32Array(2);
  const type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
  check(socketpair(AF_UNIX, type, 0, ends), "socketpair");
  return [ends[0]!, ends[1]!];
}
