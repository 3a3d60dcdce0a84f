/**
 * TCP connections for code that cannot wait for the event loop. No call blocks except
 * {@linkcode waitReadable}, and {@linkcode Connection.send} where the other side is slow.
 *
 * @module
 */
import {
  AF_INET,
  IPPROTO_TCP,
  MSG_NOSIGNAL,
  POLLIN,
  POLLOUT,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "./constants.ts";
import { check, closeDescriptor, ERRNO, errno, seldom } from "./libc.ts";

const c = seldom({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  accept4: { parameters: ["i32", "usize", "usize", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
});

const FOREVER = -1;
/** Size of `struct sockaddr_in`: family u16, port u16 and address u32 in network order. */
const ADDRESS_SIZE = 16;
const RECEIVE_SIZE = 0x1_0000;

/** Where to listen. */
export interface Endpoint {
  /** An IPv4 address, as four numbers. */
  readonly address: readonly number[];
  /** 0 for any free one. */
  readonly port: number;
}

/** A socket that takes connections. */
export class Listener implements Disposable {
  readonly fd: number;
  /** The port that it listens on. */
  readonly port: number;

  /** @throws {SystemError} if it cannot listen there */
  constructor({ address, port }: Endpoint) {
    const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    const name = `${address.join(".")}:${port}`;
    this.fd = check(c.socket(AF_INET, type, 0), "socket");
    using undo = new DisposableStack();
    undo.use(this);
    turnOn(this.fd, SOL_SOCKET, SO_REUSEADDR);
    const place = new DataView(new ArrayBuffer(ADDRESS_SIZE));
    place.setUint16(0, AF_INET, true);
    place.setUint16(2, port);
    address.forEach((part, index) => place.setUint8(4 + index, part));
    check(c.bind(this.fd, place, ADDRESS_SIZE), "bind", name);
    check(c.listen(this.fd, 1), "listen", name);
    check(c.getsockname(this.fd, place, Uint32Array.of(ADDRESS_SIZE)), "getsockname");
    this.port = place.getUint16(2);
    undo.move();
  }

  /** Accepts a connection, if one waits. */
  accept(): Connection | undefined {
    const fd = c.accept4(this.fd, 0n, 0n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? undefined : new Connection(fd);
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.fd);
  }
}

/** A connection. */
export class Connection implements Disposable {
  readonly fd: number;
  readonly #buffer = new Uint8Array(RECEIVE_SIZE);

  /** Takes over the descriptor of a socket that does not block. */
  constructor(fd: number) {
    this.fd = fd;
    turnOn(fd, IPPROTO_TCP, TCP_NODELAY);
  }

  /**
   * The bytes that have arrived, which may be none; undefined if the connection is over. They are valid
   * until the next call.
   */
  receive(): Uint8Array | undefined {
    const count = Number(c.recv(this.fd, this.#buffer, BigInt(RECEIVE_SIZE), 0));
    if (count > 0) return this.#buffer.subarray(0, count);
    if (count === 0) return undefined;
    const code = errno();
    return code === ERRNO.EAGAIN || code === ERRNO.EINTR ? new Uint8Array() : undefined;
  }

  /** Sends all of `bytes`, and waits where the other side is slow. If the connection is over, they are lost. */
  send(bytes: Uint8Array<ArrayBuffer>): void {
    for (let rest = bytes; rest.length > 0;) {
      const sent = Number(c.send(this.fd, rest, BigInt(rest.length), MSG_NOSIGNAL));
      if (sent >= 0) rest = rest.subarray(sent);
      else if (errno() === ERRNO.EAGAIN) wait(this.fd, POLLOUT);
      else if (errno() !== ERRNO.EINTR) return;
    }
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.fd);
  }
}

/** Blocks until a descriptor has something to read, or its end. */
export function waitReadable(fd: number): void {
  wait(fd, POLLIN);
}

function wait(fd: number, events: number): void {
  c.poll(new Int32Array([fd, events]), 1n, FOREVER);
}

function turnOn(fd: number, level: number, option: number): void {
  check(c.setsockopt(fd, level, option, Int32Array.of(1), 4), "setsockopt");
}
