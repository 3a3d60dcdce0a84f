/**
 * Hubs that lie in this process: several guests on one network, with the program beside them.
 *
 * @module
 */
import type { NetPort } from "./wire.ts";

/**
 * A hub. A frame that is sent at one port arrives at all other ports that are in use. Nothing is lost: who
 * sends waits until all others have room, so whoever has a port has to read what arrives there. To
 * dispose of the hub closes all its ports.
 */
export class NetHub implements AsyncDisposable {
  readonly #wire: WireMaker;
  /** The inner ends of the wires of those ports that are in use. */
  readonly #inner = new Set<NetPort>();
  /** Is resolved when nothing more comes in, for each of these ends. */
  readonly #passed = new Set<Promise<void>>();
  #closed = false;

  /** `net.hub` calls this. */
  constructor(wire: WireMaker) {
    this.#wire = wire;
  }

  /**
   * Makes a port, for one guest as its network device, or for the program.
   *
   * @param options `mac`: 6 bytes, or text like `02:00:00:00:00:01`; random if not given
   * @throws {TenderError} if the address is invalid
   */
  port({ mac }: { mac?: Uint8Array | string } = {}): NetPort {
    // Before it is in use, nobody reads what arrives there.
    const [outer, inner] = this.#wire(mac, () => this.#serve(inner));
    return outer;
  }

  /** Closes all ports. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.all(Array.from(this.#inner, (end) => end.close()));
    await Promise.all(this.#passed);
  }

  #serve(inner: NetPort): void {
    this.#inner.add(inner);
    const passed = this.#passOn(inner).finally(() => this.#passed.delete(passed));
    this.#passed.add(passed);
  }

  /** Passes on what comes in at one port, until that is closed. */
  async #passOn(from: NetPort): Promise<void> {
    if (this.#closed) await from.close();
    for await (const frame of from) {
      const others = [...this.#inner].filter((inner) => inner !== from);
      // A port that was closed meanwhile needs no more frames.
      await Promise.all(others.map((inner) => inner.send(frame).catch(() => {})));
    }
    this.#inner.delete(from);
    await from.close();
  }
}

/** Makes a wire: its first end has an address and calls `used` when it is taken. */
type WireMaker = (
  mac: Uint8Array | string | undefined,
  used: () => void,
) => readonly [outer: NetPort, inner: NetPort];
