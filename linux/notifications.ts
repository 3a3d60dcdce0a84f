/**
 * System calls of another process that this one answers: the process stops at them until it gets an answer
 * (seccomp user notification). Source: seccomp_unotify(2), the kernel's `linux/seccomp.h`.
 *
 * @module
 */
import { POLLIN } from "./constants.ts";
import { closeDescriptor, ERRNO, errno, libc, SystemError } from "./libc.ts";

const c = libc({
  ioctl: { parameters: ["i32", "u32", "buffer"], result: "i32" },
  ioctl_value: { name: "ioctl", parameters: ["i32", "u32", "usize"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  poll_apart: {
    name: "poll",
    parameters: ["buffer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
});

/** Requests of `ioctl` (`SECCOMP_IOCTL_NOTIF_…`). */
const REQUEST = { recv: 0xc050_2100, send: 0xc018_2101, setFlags: 0x4008_2104 } as const;
/** Wakes the other process on this CPU, which then goes on at once. */
const SYNC_WAKE_UP = 1n;
/** Has the kernel do the call after all. */
const CONTINUE = 1;

/** `struct seccomp_notif`: its size, and where its fields are, in bytes. */
const CALL = { size: 80, id: 0, number: 16, ip: 24, args: 32 } as const;
/** `struct seccomp_notif_resp`. */
const ANSWER = { size: 24, id: 0, value: 8, error: 16, flags: 20 } as const;

/** The calls of one process, one at a time. The current one is in the fields. */
export class Notifications implements Disposable {
  readonly #fd: number;
  readonly #call = new DataView(new ArrayBuffer(CALL.size));
  readonly #answer = new DataView(new ArrayBuffer(ANSWER.size));
  readonly #poll: Int32Array<ArrayBuffer>;
  readonly #pollApart: Int32Array<ArrayBuffer>;

  /** Takes over a descriptor that `seccomp` has made. */
  constructor(fd: number) {
    this.#fd = fd;
    this.#poll = Int32Array.of(fd, POLLIN);
    this.#pollApart = Int32Array.of(fd, POLLIN);
    // Kernels before 6.6 do not have it.
    c.ioctl_value(fd, REQUEST.setFlags, SYNC_WAKE_UP);
  }

  /**
   * Waits for the next call.
   *
   * @param patience in milliseconds; negative for ever
   * @returns whether there is one
   */
  next(patience: number): boolean {
    this.#poll[1] = POLLIN;
    if (c.poll(this.#poll, 1n, patience) <= 0) return false;
    if ((this.#poll[1]! >> 16 & POLLIN) === 0) return false;
    // The kernel wants zeros.
    new BigUint64Array(this.#call.buffer).fill(0n);
    if (c.ioctl(this.#fd, REQUEST.recv, this.#call) === 0) return true;
    const code = errno();
    // The process was killed, or interrupted, meanwhile.
    if (code === ERRNO.ENOENT || code === ERRNO.EINTR) return false;
    throw new SystemError("ioctl", code);
  }

  /** Waits on another thread until there may be a call, for so many milliseconds. */
  async nextApart(patience: number): Promise<void> {
    this.#pollApart[1] = POLLIN;
    await c.poll_apart(this.#pollApart, 1n, patience);
  }

  /** What becomes readable with a call, and hangs up when the process has ended. */
  get descriptor(): number {
    return this.#fd;
  }

  /** The number of the call. */
  get number(): number {
    return this.#call.getInt32(CALL.number, true);
  }

  /** Address of the instruction after the call's. */
  get address(): number {
    return Number(this.#call.getBigUint64(CALL.ip, true));
  }

  /** The bytes of the six arguments. */
  get asked(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#call.buffer, CALL.args);
  }

  /** An argument as a number; rounded where it is above 2^53. */
  argument(index: number): number {
    return Number(this.#call.getBigUint64(CALL.args + 8 * index, true));
  }

  /** An argument with its sign. */
  signed(index: number): number {
    return this.#call.getInt32(CALL.args + 8 * index, true);
  }

  /** Answers the call: with a result, or a negative `errno`. */
  answer(result: number): void {
    this.#answer.setBigInt64(ANSWER.value, BigInt(Math.max(result, 0)), true);
    this.#answer.setInt32(ANSWER.error, Math.min(result, 0), true);
    this.#send(0);
  }

  /** Has the kernel do the call. */
  letDo(): void {
    this.#answer.setBigInt64(ANSWER.value, 0n, true);
    this.#answer.setInt32(ANSWER.error, 0, true);
    this.#send(CONTINUE);
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.#fd);
  }

  #send(flags: number): void {
    this.#answer.setBigUint64(ANSWER.id, this.#call.getBigUint64(CALL.id, true), true);
    this.#answer.setUint32(ANSWER.flags, flags, true);
    if (c.ioctl(this.#fd, REQUEST.send, this.#answer) === 0) return;
    // The process was killed, or interrupted: then it asks again.
    if (errno() !== ERRNO.ENOENT) throw new SystemError("ioctl", errno());
  }
}
