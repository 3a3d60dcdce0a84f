/**
 * The file of a recording: frames, each with a checksum that continues the one before, so that none can be
 * changed, left out or exchanged unnoticed. A frame is whole or not there: a file that is cut off ends
 * with the last whole one. docs/replay.md describes the bytes.
 *
 * @module
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { struct, u32, viewOf } from "../../abi/layout.ts";
import { brokenRecording } from "./error.ts";
import { Hash } from "./hash.ts";

/** The first bytes of a recording. */
const MAGIC = new TextEncoder().encode("soloreco");
/** Version of the format; a recording of another one is refused. */
export const RECORDING_VERSION = 2;
const VERSION_AT = MAGIC.length;
const START_SIZE = VERSION_AT + 4;

/** What is in a frame. */
export const FRAME = {
  header: 1,
  unikernel: 2,
  inputs: 3,
  end: 4,
  added: 5,
  checkpoints: 6,
} as const;

/** A kind of frame. */
export type FrameKind = typeof FRAME[keyof typeof FRAME];

/** What a frame begins with. Both checks continue those of the frames before. */
const FrameHeader = struct({
  kind: u32,
  /** Size of the content as it lies in the file, in bytes. */
  size: u32,
  /** Its size before it was compressed; the same where it was not. */
  rawSize: u32,
  /** Checksum of the fields above. */
  headerCheck: u32,
  /** Checksum of the content as it lies in the file. */
  contentCheck: u32,
});

/** Smaller contents stay as they are, in bytes. */
const LEAST_COMPRESSED = 200;
/** The most that is in one frame, in bytes before it is compressed. */
const MOST_IN_FRAME = 1 << 20;
/** Speed counts: the guest waits for it. */
const LEVEL = 1;

/** Writes frames. */
export class FrameWriter {
  readonly #take: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #hash = new Hash();

  /** @param take gets the bytes of the file, piece by piece */
  constructor(take: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#take = take;
    const start = new Uint8Array(START_SIZE);
    start.set(MAGIC);
    u32.set(viewOf(start), VERSION_AT, RECORDING_VERSION);
    take(start);
  }

  /** Writes content in as many frames as it takes: one, if it is empty. */
  write(kind: FrameKind, content: Uint8Array): void {
    let at = 0;
    do {
      this.#frame(kind, content.subarray(at, at + MOST_IN_FRAME));
      at += MOST_IN_FRAME;
    } while (at < content.length);
  }

  #frame(kind: FrameKind, raw: Uint8Array): void {
    const content = raw.length < LEAST_COMPRESSED ? raw : smaller(raw);
    const fields = { kind, size: content.length, rawSize: raw.length };
    const hash = this.#hash;
    const headerCheck = hash.word(kind).word(fields.size).word(fields.rawSize).low;
    const contentCheck = hash.bytes(content).low;
    const frame = new Uint8Array(FrameHeader.size + content.length);
    FrameHeader.write(viewOf(frame), 0, { ...fields, headerCheck, contentCheck });
    frame.set(content, FrameHeader.size);
    this.#take(frame);
  }
}

/** Compressed, unless that is no smaller. */
function smaller(raw: Uint8Array): Uint8Array {
  const deflated = deflateRawSync(raw, { level: LEVEL });
  return deflated.length < raw.length ? deflated : raw;
}

/** The content of a recording's file. */
export interface Frames {
  /** All that frames of a kind hold, one behind the other. */
  content(kind: FrameKind): Uint8Array<ArrayBuffer>;
  /** Whether the last frame is there. */
  readonly whole: boolean;
}

/**
 * Reads the frames of a file.
 *
 * @param options `name`: the file's name, for messages
 * @throws {TenderError} "recording" if it is none, of another version, or was changed
 */
export function readFrames(bytes: Uint8Array, { name }: { name: string }): Frames {
  checkStart(bytes, name);
  const view = viewOf(bytes);
  const hash = new Hash();
  const contents = new Map<number, Uint8Array[]>();
  let whole = false;
  for (let at = START_SIZE; at + FrameHeader.size <= bytes.length && !whole;) {
    const { kind, size, rawSize, headerCheck, contentCheck } = FrameHeader.read(view, at);
    const changed = () => brokenRecording(name, `the part at byte ${at} was changed`);
    const sizes = hash.word(kind).word(size).word(rawSize);
    if (sizes.low !== headerCheck || rawSize > MOST_IN_FRAME || size > rawSize) throw changed();
    const content = bytes.subarray(at + FrameHeader.size, at + FrameHeader.size + size);
    // Cut off in the midst of it.
    if (content.length < size) break;
    if (hash.bytes(content).low !== contentCheck) throw changed();
    const raw = size === rawSize ? content : inflated(content, rawSize);
    if (raw === undefined) throw changed();
    contents.set(kind, [...contents.get(kind) ?? [], raw]);
    at += FrameHeader.size + size;
    whole = kind === FRAME.end;
    if (whole && at < bytes.length) throw brokenRecording(name, `goes on after its end`);
  }
  return { content: (kind) => joined(contents.get(kind) ?? []), whole };
}

function checkStart(bytes: Uint8Array, name: string): void {
  const isOne = bytes.length >= START_SIZE && MAGIC.every((byte, at) => bytes[at] === byte);
  if (!isOne) throw brokenRecording(name, "it does not begin as one");
  const version = u32.get(viewOf(bytes), VERSION_AT);
  if (version === RECORDING_VERSION) return;
  throw brokenRecording(name, `is of version ${version}, and ${RECORDING_VERSION} is known`);
}

function inflated(content: Uint8Array, size: number): Uint8Array | undefined {
  try {
    const raw = inflateRawSync(content, { maxOutputLength: size });
    return raw.length === size ? raw : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes one behind the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
