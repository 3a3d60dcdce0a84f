/**
 * The host's side of a channel: a stream of bytes each way, in packets over a socket. The guest's side, with
 * the rules, is in `bindings/include/soloden_channel.h`.
 *
 * @module
 */
import { McpError } from "./error.ts";

/** A socket that passes packets. */
export interface Port extends AsyncIterable<Uint8Array> {
  /** Sends a packet, and is resolved once it has gone. */
  send(packet: Uint8Array): Promise<void>;
}

/** Most bytes of the stream in one packet. */
const PIECE_SIZE = 0x8000;
/** Pieces that may be on their way without a credit. */
const PIECES = 4;
const PIECE = 0;
const CREDIT = 1;

/** A channel. */
export class Channel {
  readonly #port: Port;
  /** Pieces for which no credit has come. */
  #sent = 0;
  #closed = false;
  #last = Promise.resolve(true);
  /** Is resolved at the next credit, and at the end. */
  #credit: PromiseWithResolvers<void> | undefined;
  readonly #accepted: PromiseWithResolvers<void> = Promise.withResolvers();

  /** A channel over a port, which nobody else may use. */
  constructor(port: Port) {
    this.#port = port;
  }

  /** Is resolved when the guest has read a piece; never if it does not. */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /**
   * Writes bytes after those of earlier calls, and waits where the guest is slow.
   *
   * @returns whether all have gone; not once the guest is gone
   */
  write(bytes: Uint8Array): Promise<boolean> {
    return this.#last = this.#last.then(() => this.#write(bytes));
  }

  async #write(bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += PIECE_SIZE) {
      while (this.#sent === PIECES && !this.#closed) {
        await (this.#credit ??= Promise.withResolvers<void>()).promise;
      }
      if (this.#closed) return false;
      this.#sent++;
      const piece = bytes.subarray(at, at + PIECE_SIZE);
      const packet = new Uint8Array(1 + piece.length);
      packet[0] = PIECE;
      packet.set(piece, 1);
      if (!await this.#send(packet)) return false;
    }
    return !this.#closed;
  }

  /**
   * The pieces that the guest sends, until it is gone. Read them also while nothing is expected: credits
   * come the same way.
   *
   * @throws {McpError} "protocol" if the guest sends what is no packet
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const packet of this.#port) {
        if (packet[0] === PIECE && packet.length > 1 && packet.length <= 1 + PIECE_SIZE) {
          yield packet.subarray(1);
          await this.#send(Uint8Array.of(CREDIT));
        } else if (packet[0] === CREDIT && packet.length === 1 && this.#sent > 0) {
          this.#sent--;
          this.#accepted.resolve();
          this.#goOn();
        } else {
          throw new McpError("protocol", "the unikernel sent what is not a piece of a frame");
        }
      }
    } finally {
      this.#closed = true;
      this.#goOn();
    }
  }

  /** Sends a packet. Returns whether it has gone: not once the guest is gone. */
  async #send(packet: Uint8Array): Promise<boolean> {
    try {
      await this.#port.send(packet);
      return true;
    } catch {
      return false;
    }
  }

  #goOn(): void {
    this.#credit?.resolve();
    this.#credit = undefined;
  }
}
