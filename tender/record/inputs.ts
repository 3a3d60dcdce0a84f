/**
 * What a run takes in, as values and as bytes: each call by which a guest learns something, in order, with
 * its answer and a check of what the guest asked. docs/replay.md describes the bytes.
 *
 * @module
 */
import type { Outcome } from "../outcome.ts";
import { brokenRecording } from "./error.ts";

/** One answer that a guest got. Times are in nanoseconds, ticks are the CPU's. */
export type Input =
  /** The CPU's time stamp counter. */
  | { readonly kind: "ticks"; readonly value: bigint }
  /** A random number of the CPU's, 2 to 8 bytes. */
  | { readonly kind: "random"; readonly value: bigint }
  /** `CPUID` where the tender answers it: EAX, EBX, ECX, EDX, 4 bytes each. */
  | { readonly kind: "cpuid"; readonly data: Uint8Array }
  | { readonly kind: "wall"; readonly value: bigint }
  | { readonly kind: "monotonic"; readonly value: bigint }
  /** The end of a wait: which handles are ready (bit = handle). */
  | { readonly kind: "poll"; readonly ready: bigint }
  /** The console has taken what the guest printed; `result` as the target has it. */
  | { readonly kind: "console"; readonly result: number }
  /** A device was read; `data` is empty unless it succeeded. */
  | { readonly kind: "read"; readonly result: number; readonly data: Uint8Array }
  /** A device was written to. */
  | { readonly kind: "write"; readonly result: number }
  /** A call that brings nothing but a result (spt). */
  | { readonly kind: "call"; readonly result: number }
  /** Not an input: what the checksum of the guest's memory was when it asked for the next one. */
  | { readonly kind: "memory"; readonly data: Uint8Array }
  /** How the run ended, and what the checksum of the guest's memory was then. */
  | { readonly kind: "end"; readonly outcome: Outcome; readonly memory: string };

/** What sort of input it is. */
export type InputKind = Input["kind"];

/** The numbers of the kinds in a file. They never change. */
const NUMBERS: Readonly<Record<InputKind, number>> = {
  end: 0,
  ticks: 1,
  random: 2,
  cpuid: 3,
  wall: 4,
  monotonic: 5,
  poll: 6,
  console: 7,
  read: 8,
  write: 9,
  call: 10,
  memory: 11,
};
const KINDS = Object.entries(NUMBERS).reduce((kinds, [kind, number]) => {
  kinds[number] = kind as InputKind;
  return kinds;
}, [] as InputKind[]);

/** An input with its check: 16 bits of a checksum of all that the guest has asked up to here. */
export interface CheckedInput {
  readonly input: Input;
  readonly check: number;
}

/** Values of clocks, which are kept as differences. */
export type ClockTimes = Record<"ticks" | "wall" | "monotonic", bigint>;
const clocks = (): ClockTimes => ({ ticks: 0n, wall: 0n, monotonic: 0n });

/** Longest number in a file, in bytes: 64 bits, 7 in a byte. */
const LONGEST = 10;
const FIRST_SIZE = 1 << 12;

/** Encodes inputs. */
export class InputWriter {
  #bytes = new Uint8Array(FIRST_SIZE);
  #length = 0;
  readonly #last = clocks();

  /** How many bytes there are to take. */
  get length(): number {
    return this.#length;
  }

  /** Encodes an input. */
  put(input: Input, check: number): void {
    this.#room(3 + 2 * LONGEST);
    this.#byte(NUMBERS[input.kind]);
    this.#byte(check);
    this.#byte(check >> 8);
    switch (input.kind) {
      case "ticks":
      case "wall":
      case "monotonic":
        this.#signed(BigInt.asIntN(64, input.value - this.#last[input.kind]));
        this.#last[input.kind] = input.value;
        break;
      case "random":
        this.#big(input.value);
        break;
      case "poll":
        this.#big(input.ready);
        break;
      case "read":
        this.#signed(BigInt(input.result));
        this.#block(input.data);
        break;
      case "console":
      case "write":
      case "call":
        this.#signed(BigInt(input.result));
        break;
      case "cpuid":
      case "memory":
        this.#block(input.data);
        break;
      case "end":
        this.#block(new TextEncoder().encode(JSON.stringify(input)));
    }
  }

  /** What was encoded since the last time. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #room(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  /** Seven bits in a byte, the lowest first; the top bit says that more follow. */
  #big(value: bigint): void {
    let rest = value;
    // Numbers are several times faster.
    while (rest > 0xffff_ffffn) {
      this.#byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#number(Number(rest));
  }

  #number(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#byte(rest & 0x7f | 0x80);
      rest >>>= 7;
    }
    this.#byte(rest);
  }

  /** 0, −1, 1, −2 … as 0, 1, 2, 3 …, in 64 bits. */
  #signed(value: bigint): void {
    this.#big(BigInt.asUintN(64, value << 1n ^ value >> 63n));
  }

  #block(data: Uint8Array): void {
    this.#room(LONGEST + data.length);
    this.#number(data.length);
    this.#bytes.set(data, this.#length);
    this.#length += data.length;
  }
}

/** Where a reader is. Plain data. */
export interface InputPosition {
  /** In bytes. */
  readonly offset: number;
  /** How many inputs were read. */
  readonly count: number;
  /** The clocks' last values. */
  readonly last: Readonly<ClockTimes>;
}

/** Decodes inputs. Bytes that are none are refused. */
export class InputReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #offset = 0;
  #count = 0;
  #last = clocks();

  /** @param options `name`: the recording's, for messages */
  constructor(bytes: Uint8Array, { name, from }: { name: string; from?: InputPosition }) {
    this.#bytes = bytes;
    this.#name = name;
    if (from === undefined) return;
    this.#offset = from.offset;
    this.#count = from.count;
    this.#last = { ...from.last };
  }

  /** Where it is. */
  get position(): InputPosition {
    return { offset: this.#offset, count: this.#count, last: { ...this.#last } };
  }

  /** How many inputs were read. */
  get count(): number {
    return this.#count;
  }

  /**
   * The next input; undefined at the end.
   *
   * @throws {TenderError} "recording" if the bytes are no input
   */
  next(): CheckedInput | undefined {
    if (this.#offset >= this.#bytes.length) return undefined;
    const kind = KINDS[this.#byte()];
    if (kind === undefined) throw this.#broken("is of no known kind");
    const check = this.#byte() | this.#byte() << 8;
    const input = this.#input(kind);
    this.#count++;
    return { input, check };
  }

  #input(kind: InputKind): Input {
    switch (kind) {
      case "ticks":
      case "wall":
      case "monotonic":
        return { kind, value: this.#clock(kind) };
      case "random":
        return { kind, value: this.#big() };
      case "poll":
        return { kind, ready: this.#big() };
      case "read":
        return { kind, result: this.#signed(), data: this.#block() };
      case "console":
      case "write":
      case "call":
        return { kind, result: this.#signed() };
      case "cpuid":
      case "memory":
        return { kind, data: this.#block() };
      case "end":
        return this.#end();
    }
  }

  #clock(kind: keyof ClockTimes): bigint {
    const value = BigInt.asUintN(64, this.#last[kind] + this.#difference());
    return this.#last[kind] = value;
  }

  #byte(): number {
    const value = this.#bytes[this.#offset++];
    if (value === undefined) throw this.#broken("is not complete");
    return value;
  }

  #big(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw this.#broken("has a number of more than 64 bits");
  }

  #difference(): bigint {
    const value = this.#big();
    return BigInt.asIntN(64, value >> 1n ^ -(value & 1n));
  }

  #signed(): number {
    return Number(this.#difference());
  }

  #block(): Uint8Array {
    const length = Number(this.#big());
    if (length > this.#bytes.length - this.#offset) throw this.#broken("is not complete");
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }

  #end(): Input {
    let end: unknown;
    try {
      end = JSON.parse(new TextDecoder().decode(this.#block()));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    if (isEnd(end)) return end;
    throw this.#broken("is not the end of a run");
  }

  #broken(what: string): Error {
    return brokenRecording(this.#name, `input ${this.#count + 1} ${what}`);
  }
}

/** What an outcome has besides its kind, as far as the command or a replay reads it. */
const FIELDS: Readonly<Record<Outcome["kind"], Readonly<Record<string, "number" | "string">>>> = {
  exit: { status: "number" },
  abort: {},
  fault: { fault: "string", reason: "string", message: "string" },
  signal: { signal: "number" },
  limit: { limit: "string", value: "number" },
};

type Fields = Readonly<Record<string, unknown>>;

function isEnd(value: unknown): value is Extract<Input, { kind: "end" }> {
  if (typeof value !== "object" || value === null) return false;
  const { kind, outcome, memory } = value as Fields;
  return kind === "end" && typeof memory === "string" && isOutcome(outcome);
}

function isOutcome(value: unknown): value is Outcome {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Fields;
  const { kind } = fields;
  if (typeof kind !== "string" || !Object.hasOwn(FIELDS, kind)) return false;
  return Object.entries(FIELDS[kind as Outcome["kind"]]).every(([name, type]) => {
    const found: string = typeof fields[name];
    return found === type;
  });
}
