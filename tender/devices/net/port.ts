/**
 * Ports of wires that the program itself sends and receives by.
 *
 * @module
 */
import { closeDescriptor } from "../../../linux/libc.ts";
import { packetPair } from "../../../linux/packet_pair.ts";
import { endPackets, receivePacket, sendPacket } from "../../../linux/packets.ts";
import { giveUpWaiting, untilReady } from "../../../linux/until_ready.ts";
import { TenderError } from "../../error.ts";
import { frameSize, LARGEST_MTU, type WireBacking } from "./backing.ts";

/** What a frame is received into. */
const room = new Uint8Array(frameSize(LARGEST_MTU));
/** How many frames are received before others have their turn. */
const TURN = 256;

/** A port in use. */
export class OpenPort {
  readonly #fd: number;
  /** Longest frame, in bytes. */
  readonly #longest: number;
  #closing: Promise<void> | undefined;
  /** Is resolved when the frames are sent that were passed to `send` before. */
  #sent: Promise<unknown> = Promise.resolve();
  /** The same for `receive`. */
  #received: Promise<unknown> = Promise.resolve();
  #turn = 0;

  /** @throws {TenderError} "device" if the port is in use */
  constructor({ mtu, take }: WireBacking) {
    this.#fd = take(packetPair);
    this.#longest = frameSize(mtu);
  }

  /** As `send` of a `NetPort`. */
  async send(frame: Uint8Array): Promise<void> {
    if (this.#closing !== undefined) throw closed();
    if (frame.length === 0 || frame.length > this.#longest) {
      const rule = `a frame here has 1 to ${this.#longest} bytes, not ${frame.length}`;
      throw new TenderError("device", rule);
    }
    const sent = this.#sent.then(() => this.#send(frame as Uint8Array<ArrayBuffer>));
    this.#sent = sent.catch(() => {});
    await sent;
  }

  /** As its `receive`. */
  async receive(): Promise<Uint8Array | undefined> {
    const received = this.#received.then(() => this.#receive());
    this.#received = received.catch(() => {});
    return await received;
  }

  /** As its `close`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // Frames are sent for as long as there is room. Those that wait for it give up.
    await giveUpWaiting(this.#fd);
    await Promise.all([this.#sent, this.#received]);
    endPackets(this.#fd);
    closeDescriptor(this.#fd);
  }

  async #send(frame: Uint8Array<ArrayBuffer>): Promise<void> {
    for (;;) {
      const result = sendPacket(this.#fd, frame);
      if (result === "sent") return;
      if (result === "closed" || this.#closing !== undefined) throw closed();
      await untilReady(this.#fd, "writable");
    }
  }

  async #receive(): Promise<Uint8Array | undefined> {
    while (this.#closing === undefined) {
      const length = receivePacket(this.#fd, room);
      if (length === "closed") break;
      if (length === "none") {
        await untilReady(this.#fd, "readable");
        continue;
      }
      // An empty packet is no frame.
      const frame = length > 0 && length <= this.#longest ? room.slice(0, length) : undefined;
      if (++this.#turn % TURN === 0) await othersTurn();
      if (frame !== undefined) return frame;
    }
    return undefined;
  }
}

function closed(): TenderError {
  return new TenderError("device", "the wire is closed");
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
