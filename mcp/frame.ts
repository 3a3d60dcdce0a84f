/**
 * Frames: the length of a message in four bytes, little-endian, then as many bytes of JSON. It is what
 * unikernels and their callers speak, over any stream of bytes.
 *
 * ```ts
 * import { encodeFrame, FrameReader } from "./frame.ts";
 *
 * const reader = new FrameReader();
 * const [message] = reader.push(encodeFrame({ hello: "world" }));
 * if (JSON.stringify(message) !== `{"hello":"world"}`) throw new Error();
 * ```
 *
 * @module
 */
import { McpError } from "./error.ts";

/** Most bytes that a message may have: 10 MiB. */
export const MAX_FRAME = 10 * 1024 * 1024;
/** Size of the length before a message, in bytes. */
const HEAD_SIZE = 4;

/**
 * Encodes a message.
 *
 * @throws {McpError} "validation" if it is no JSON, or has more than {@linkcode MAX_FRAME} bytes
 */
export function encodeFrame(message: unknown): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(json(message));
  checkLength(text.length, "validation");
  const frame = new Uint8Array(HEAD_SIZE + text.length);
  new DataView(frame.buffer).setUint32(0, text.length, true);
  frame.set(text, HEAD_SIZE);
  return frame;
}

function json(message: unknown): string {
  try {
    const text = JSON.stringify(message) as string | undefined;
    if (text !== undefined) return text;
  } catch (error) {
    throw new McpError("validation", `a message is not JSON: ${(error as Error).message}`);
  }
  throw new McpError("validation", "a message is not JSON");
}

function checkLength(length: number, code: "validation" | "protocol"): void {
  if (length === 0) throw new McpError(code, "a frame of no bytes");
  if (length <= MAX_FRAME) return;
  throw new McpError(code, `a frame of ${length} bytes: at most ${MAX_FRAME} are allowed`);
}

/** Puts frames together from a stream of bytes, however it is cut. After an error it is of no more use. */
export class FrameReader {
  readonly #pieces: Uint8Array[] = [];
  /** Bytes in the pieces. */
  #size = 0;
  /** Length of the message that is coming, once its head is there. */
  #length: number | undefined;

  /**
   * Takes the next bytes, and keeps them: they must not change afterwards.
   *
   * @returns the messages that are complete now, in order
   * @throws {McpError} "protocol" if a length is 0 or too large, as soon as it is known, or a message is not JSON
   */
  push(bytes: Uint8Array): unknown[] {
    if (bytes.length > 0) this.#pieces.push(bytes);
    this.#size += bytes.length;
    const messages: unknown[] = [];
    for (;;) {
      if (this.#length === undefined) {
        if (this.#size < HEAD_SIZE) return messages;
        const head = this.#take(HEAD_SIZE);
        this.#length = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
        checkLength(this.#length, "protocol");
      }
      if (this.#size < this.#length) return messages;
      messages.push(parse(this.#take(this.#length)));
      this.#length = undefined;
    }
  }

  /**
   * Says that no more bytes come.
   *
   * @throws {McpError} "protocol" if a frame has begun
   */
  end(): void {
    if (this.#size === 0 && this.#length === undefined) return;
    throw new McpError("protocol", "the stream ends within a frame");
  }

  /** Takes so many bytes, which are there, from the pieces. */
  #take(count: number): Uint8Array {
    this.#size -= count;
    const first = this.#pieces[0]!;
    if (first.length > count) {
      this.#pieces[0] = first.subarray(count);
      return first.subarray(0, count);
    }
    const taken = new Uint8Array(count);
    let used = 0;
    for (let at = 0; at < count;) {
      const piece = this.#pieces[used]!;
      const part = piece.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === piece.length) used++;
      else this.#pieces[used] = piece.subarray(part.length);
    }
    this.#pieces.splice(0, used);
    return taken;
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof TypeError ? "it is not UTF-8" : (error as Error).message;
    throw new McpError("protocol", `a frame is not JSON: ${reason}`);
  }
}
