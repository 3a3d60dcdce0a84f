/**
 * From a launch program to the bytes of its page: what all pages begin with, a record for each step,
 * and the constants that they name.
 *
 * @module
 */
import type { Machine } from "../../abi/elf.ts";
import { alignUp } from "../../abi/layout.ts";
import type { CallStep, CheckStep, Data, LaunchProgram } from "./launch.ts";
import { LAUNCH_HEAD } from "./launch_head.fixed.ts";
import { ENTER, JUDGE, LOOK, Record } from "./record.ts";
import type { LinuxAbi } from "./syscalls.ts";

const ARGUMENTS = ["a0", "a1", "a2", "a3", "a4", "a5"] as const;
const utf8 = new TextEncoder();

type RecordValues = Parameters<typeof Record.encode>[0];

/** Where a program will lie, and on what. */
export interface Placement {
  readonly machine: Machine;
  readonly linux: LinuxAbi;
  /** Address of the code and its constants, to be mapped readable and executable. */
  readonly code: number;
  /** Address of the bytes that the kernel writes into, to be mapped readable and writable. */
  readonly scratch: number;
}

/** An encoded program; whole pages are up to the caller. */
export interface Encoded {
  readonly code: Uint8Array<ArrayBuffer>;
  readonly scratch: Uint8Array<ArrayBuffer>;
}

/**
 * Encodes a program.
 *
 * @throws {RangeError} if there is no launch code for the machine
 */
export function encodeLaunch(program: LaunchProgram, placement: Placement): Encoded {
  const head = LAUNCH_HEAD[placement.machine];
  if (head === undefined) throw new RangeError(`no launch code for ${placement.machine}`);
  return new Encoder(program, placement).encode(head);
}

class Encoder {
  readonly #program: LaunchProgram;
  readonly #linux: LinuxAbi;
  readonly #constants: Area;
  readonly #scratch: Area;
  readonly #page: number;

  constructor(program: LaunchProgram, { linux, code, scratch }: Placement) {
    this.#program = program;
    this.#linux = linux;
    this.#page = code;
    this.#constants = new Area(code);
    this.#scratch = new Area(scratch);
  }

  encode(head: Uint8Array): Encoded {
    const { steps, entry, name } = this.#program;
    this.#constants.reserve(head.length + (steps.length + 1) * Record.size);
    const records = [
      ...steps.map((step) => "call" in step ? this.#call(step, name) : this.#look(step, name)),
      { call: ENTER, a0: entry.address, a1: entry.stack, a2: entry.argument },
    ];
    // Every constant has its place by now.
    const page = this.#constants.bytes();
    const view = new DataView(page.buffer);
    page.set(head);
    records.forEach((record, i) => Record.write(view, head.length + i * Record.size, record));
    return { code: page, scratch: this.#scratch.bytes() };
  }

  #call({ call, args, purpose, expect }: CallStep, name: string): RecordValues {
    const values: RecordValues = { call: this.#linux.calls[call] };
    args.forEach((arg, index) => {
      if (typeof arg === "number") values[ARGUMENTS[index]!] = arg;
      else if (arg.kind === "data") values[ARGUMENTS[index]!] = this.#address(arg);
      else values.chained = 1;
    });
    if (purpose !== undefined) {
      values.judge = JUDGE.noError;
      values.text = this.#text(`${name}: cannot ${purpose}: `);
    } else if (expect !== undefined) {
      values.judge = JUDGE.exact;
      values.expected = expect.result;
      values.text = this.#text(`${name}: ${expect.complaint}\n`);
    }
    return values;
  }

  #look({ data, at, mask, equals, complaint }: CheckStep, name: string): RecordValues {
    return {
      call: LOOK,
      judge: JUDGE.exact,
      a0: this.#address(data) + at,
      a1: mask,
      expected: equals,
      text: this.#text(`${name}: ${complaint}\n`),
    };
  }

  #address(data: Data): number {
    return (data.writable ? this.#scratch : this.#constants).place(data);
  }

  /** Offset of a text in the page; its length, 2 bytes, comes first. */
  #text(text: string): number {
    const bytes = new Uint8Array(2 + 3 * text.length);
    const { written } = utf8.encodeInto(text, bytes.subarray(2));
    bytes[0] = written & 0xff;
    bytes[1] = written >> 8;
    const content = bytes.subarray(0, 2 + written);
    return this.#constants.place({ bytes: content, pointers: [] }) - this.#page;
  }
}

type Content = Pick<Data, "bytes" | "pointers">;

/** A stretch of memory that constants are given places in. */
class Area {
  readonly #base: number;
  readonly #places = new Map<Content, number>();
  #size = 0;

  constructor(base: number) {
    this.#base = base;
  }

  /** Leaves room at the start for what is not a constant. */
  reserve(size: number): void {
    this.#size = size;
  }

  /** The address of a constant, and of all that it points to. */
  place(content: Content): number {
    let offset = this.#places.get(content);
    if (offset === undefined) {
      offset = alignUp(this.#size, 8);
      this.#size = offset + content.bytes.length;
      this.#places.set(content, offset);
      for (const { to } of content.pointers) this.place(to);
    }
    return this.#base + offset;
  }

  /** All constants in their places. */
  bytes(): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(this.#size);
    const view = new DataView(result.buffer);
    for (const [{ bytes, pointers }, offset] of this.#places) {
      result.set(bytes, offset);
      for (const { at, to } of pointers) {
        view.setBigUint64(offset + at, BigInt(this.place(to)), true);
      }
    }
    return result;
  }
}
