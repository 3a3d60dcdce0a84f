/**
 * Pipes that guests write to, one guest after the other: to make one costs more than to use it again.
 *
 * @module
 */
import { F_GETFL, F_SETFL, O_NONBLOCK } from "../../linux/constants.ts";
import { check, closeDescriptor, seldom } from "../../linux/libc.ts";
import { pipe } from "../../linux/spawn.ts";
import { readOnce } from "../../linux/transfer.ts";

const c = seldom({ fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" } });

/** What a pipe of Linux holds, in bytes. */
const PIPE_SIZE = 0x1_0000;
/** What all of them are read into: each read is copied at once. */
const BUFFER = new Uint8Array(PIPE_SIZE);

/** A pipe. To dispose of it gives it back; whoever wrote to it has ended by then. */
export class GuestPipe implements Disposable {
  readonly read: number;
  readonly write: number;
  readonly #free: GuestPipe[];

  constructor(free: GuestPipe[]) {
    ({ read: this.read, write: this.write } = pipe());
    this.#free = free;
    const flags = check(c.fcntl(this.read, F_GETFL, 0), "fcntl");
    check(c.fcntl(this.read, F_SETFL, flags | O_NONBLOCK), "fcntl");
  }

  /** What is in it, as far as one read goes; undefined if there is nothing. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    const count = readOnce(this.read, BUFFER);
    return count > 0 ? BUFFER.slice(0, count) : undefined;
  }

  close(): void {
    closeDescriptor(this.read);
    closeDescriptor(this.write);
  }

  [Symbol.dispose](): void {
    while (readOnce(this.read, BUFFER) > 0);
    this.#free.push(this);
  }
}

/** Pipes that nobody writes to. */
export class Pipes implements Disposable {
  readonly #free: GuestPipe[] = [];

  /**
   * An empty pipe.
   *
   * @throws {SystemError} if there are too many descriptors
   */
  take(): GuestPipe {
    return this.#free.pop() ?? new GuestPipe(this.#free);
  }

  [Symbol.dispose](): void {
    for (const pipe of this.#free) pipe.close();
  }
}
