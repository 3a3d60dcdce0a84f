/**
 * Wires that lie in this process alone: two guests are connected by one, or a guest and a program. They
 * take no rights and no interface of the host. Nothing is opened before the first end is used.
 *
 * @module
 */
import { TenderError } from "../../error.ts";
import type { MakePair, NetDevice, WireBacking } from "./backing.ts";
import type { OpenPort } from "./port.ts";

/** What a wire is like. */
export interface WireOptions {
  /** Largest payload of a frame in bytes, 68 to 65,535; 1500 if not given. */
  readonly mtu?: number;
}

/** One end of a wire, for a guest as its network device, or for the program that made it. */
export interface NetPort extends NetDevice, AsyncIterable<Uint8Array>, AsyncDisposable {
  /** Its wire. */
  readonly backing: WireBacking;
  /**
   * Sends a frame. Frames arrive whole, in the order in which they were sent, and none is lost while the
   * other end is open.
   *
   * @param frame with its header of 14 bytes; it must stay as it is until it is sent
   * @returns once there was room for it: the other end holds some 200 KiB that nobody has read yet
   * @throws {TenderError} "device" if it is no frame for this MTU, the port is a guest's, or either end is
   * closed
   */
  send(frame: Uint8Array): Promise<void>;
  /**
   * The next frame that the other end sent; undefined if it is closed and has sent no more. A frame that
   * is too long for the MTU is dropped. To iterate over the port is to receive until then.
   *
   * @throws {TenderError} "device" if the port is a guest's
   */
  receive(): Promise<Uint8Array | undefined>;
  /**
   * Closes this end: the other one still receives what was sent, and then finds it closed. A guest reads
   * frames of no bytes from then on. Does nothing to a port that a guest has: it is closed when the guest
   * ends.
   */
  close(): Promise<void>;
}

/** One end of a wire that is to be made. */
export interface End {
  /** Address of the device that it is for a guest, 6 bytes; random if not given. */
  readonly mac?: Uint8Array;
  /** Is called when it is taken. */
  readonly used?: () => void;
}

/** Makes the two ends of a wire; `mtu` is that of {@linkcode WireOptions}. */
export function wire(mtu: number, ends: readonly [End, End]): [NetPort, NetPort] {
  const fds = new Descriptors();
  const portOf = (side: 0 | 1) => {
    const { mac, used } = ends[side];
    const take = (make: MakePair) => {
      const fd = fds.take(side, make);
      used?.();
      return fd;
    };
    return new WireEnd({ mtu, take }, mac);
  };
  return [portOf(0), portOf(1)];
}

/** The descriptors of a wire, made when the first of them is taken. */
class Descriptors {
  #made: [number, number] | undefined;

  take(side: 0 | 1, make: MakePair): number {
    this.#made ??= make();
    return this.#made[side];
  }
}

/** What an end is made of. */
interface Parts {
  readonly mtu: number;
  take(make: MakePair): number;
}

/** See {@linkcode NetPort}. */
class WireEnd implements NetPort {
  readonly type = "NET_BASIC";
  readonly backing: WireBacking;
  readonly mac?: Uint8Array;
  /** The program's own use of it. */
  #port: Promise<OpenPort> | undefined;
  #taken = false;

  constructor({ mtu, take }: Parts, mac: Uint8Array | undefined) {
    const once = (make: MakePair) => {
      if (this.#taken) throw new TenderError("device", USED);
      this.#taken = true;
      return take(make);
    };
    this.backing = { kind: "wire", mtu, take: once };
    if (mac !== undefined) this.mac = mac;
  }

  async send(frame: Uint8Array): Promise<void> {
    await (await this.#open()).send(frame);
  }

  async receive(): Promise<Uint8Array | undefined> {
    return await (await this.#open()).receive();
  }

  async close(): Promise<void> {
    if (this.#taken && this.#port === undefined) return;
    await (await this.#open()).close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let frame = await this.receive(); frame !== undefined; frame = await this.receive()) {
      yield frame;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<OpenPort> {
    // What a guest has stays the guest's.
    if (this.#port === undefined && this.#taken) throw new TenderError("device", USED);
    this.#port ??= open(this.backing);
    return await this.#port;
  }
}

const USED =
  "a port of a wire is for one guest, or for the program: this one is in use, or was closed";

async function open(backing: WireBacking): Promise<OpenPort> {
  const { OpenPort } = await import("./port.ts");
  return new OpenPort(backing);
}
