/**
 * gdb's remote serial protocol on the wire: decodes untrusted bytes to packets, and encodes replies. The
 * content of a packet is a string with one character for each byte.
 * Source: "Debugging with GDB", appendix "GDB Remote Serial Protocol", "Overview".
 *
 * @module
 */

/** Longest content of a packet, in bytes. gdb is told so, and a longer packet is refused. */
export const PACKET_MAX = 0x4000;

/** What was decoded from a debugger's bytes. */
export type Received =
  /** A packet with the right checksum. */
  | { readonly kind: "packet"; readonly content: string }
  /** A packet that is damaged or too long; gdb has to send it again. */
  | { readonly kind: "damaged" }
  /** The debugger asks for the last reply again. */
  | { readonly kind: "again" }
  /** Ctrl-C. */
  | { readonly kind: "interrupt" };

const START = 0x24; // $
const END = 0x23; // #
const ESCAPE = 0x7d; // }
const ESCAPED_BIT = 0x20;
const MISSED = 0x2d; // -
const INTERRUPT = 3;
const CHECKSUM_DIGITS = 2;

/** Finds packets in a stream of bytes that arrives in pieces of any size. */
export class PacketReader {
  /** Content of the packet that is under way; undefined between packets. */
  #content: number[] | undefined;
  /** The digits of its checksum so far; undefined before the checksum. */
  #checksum: string | undefined;

  /** Decodes the next bytes. Unknown bytes between packets are skipped. */
  read(bytes: Uint8Array): Received[] {
    const received: Received[] = [];
    for (const byte of bytes) {
      const one = this.#content === undefined ? this.#between(byte) : this.#inside(byte);
      if (one !== undefined) received.push(one);
    }
    return received;
  }

  #between(byte: number): Received | undefined {
    if (byte === INTERRUPT) return { kind: "interrupt" };
    if (byte === MISSED) return { kind: "again" };
    if (byte === START) this.#begin();
  }

  #inside(byte: number): Received | undefined {
    if (this.#checksum !== undefined) return this.#readChecksum(byte);
    // A packet never contains a start: the packet before was cut off.
    if (byte === START) return this.#begin();
    if (byte === END) this.#checksum = "";
    else if (this.#content!.length <= PACKET_MAX) this.#content!.push(byte);
  }

  #begin(): undefined {
    this.#content = [];
    this.#checksum = undefined;
  }

  #readChecksum(byte: number): Received | undefined {
    this.#checksum += String.fromCharCode(byte);
    if (this.#checksum!.length < CHECKSUM_DIGITS) return undefined;
    const content = this.#content!;
    const right = content.length <= PACKET_MAX && hexByte(sum(content)) === this.#checksum;
    this.#content = this.#checksum = undefined;
    return right ? { kind: "packet", content: latin1(unescape(content)) } : { kind: "damaged" };
  }
}

/** Encodes a packet. */
export function encodePacket(content: string): Uint8Array<ArrayBuffer> {
  const escaped = content.replace(
    /[#$*}]/g,
    (special) => `}${String.fromCharCode(special.charCodeAt(0) ^ ESCAPED_BIT)}`,
  );
  return bytesOf(`$${escaped}#${hexByte(sum(bytesOf(escaped)))}`);
}

/** The bytes of a string with one character for each. */
export function bytesOf(content: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(content, (character) => character.charCodeAt(0));
}

/** Bytes as two hexadecimal digits each. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, hexByte).join("");
}

/** The bytes that hexadecimal digits stand for; undefined if the text is anything else. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function sum(bytes: ArrayLike<number>): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at++) total += bytes[at]!;
  return total & 0xff;
}

function unescape(content: readonly number[]): number[] {
  const plain: number[] = [];
  for (let at = 0; at < content.length; at++) {
    const byte = content[at]!;
    if (byte === ESCAPE && at + 1 < content.length) plain.push(content[++at]! ^ ESCAPED_BIT);
    else plain.push(byte);
  }
  return plain;
}

function latin1(bytes: readonly number[]): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
