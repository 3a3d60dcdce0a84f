/**
 * The encoder of launches: from devices to the bytes that all guests with the same devices have of
 * their launch page. These are what every page begins with, the constants that the steps name, and
 * a record for each step.
 *
 * @module
 */
import type { Architecture } from "../../abi/elf.ts";
import { alignUp, viewOf } from "../../abi/layout.ts";
import { printable } from "../../elftool/printable.ts";
import type { LinuxAbi } from "../../linux/syscalls.ts";
import { baseRules, compileFilter } from "./filter.ts";
import { LAUNCH_X86_64 } from "./launch_x86_64.ts";
import {
  COPY,
  encodeText,
  ENTER,
  type GuestKind,
  JUDGE,
  LAUNCH_WINDOW,
  type LaunchTemplate,
  LOOK,
  Reason,
  REASONS_AT,
  Record,
  RECORDS_SLOT,
} from "./page.ts";
import {
  type CallStep,
  type CheckStep,
  type Data,
  type Descriptors,
  type GuestStep,
  launchSteps,
  type Operand,
  type Step,
} from "./steps.ts";

/** The launch code, by architecture. */
const CODE: Partial<Record<Architecture, Uint8Array>> = { x86_64: LAUNCH_X86_64 };

const ARGUMENTS = ["a0", "a1", "a2", "a3", "a4", "a5"] as const;

/** Encodes the launch of guests with such descriptors. */
export function encodeLaunch(descriptors: Descriptors, linux: LinuxAbi): EncodedSteps {
  const rules = descriptors.devices.flatMap(({ rules }) => rules);
  const filter = compileFilter([...rules, ...baseRules(descriptors)], linux);
  return new Encoder(linux).encode(launchSteps(descriptors, filter));
}

/** A record's values, and which of its arguments are offsets from the page. */
interface Draft {
  readonly values: Parameters<typeof Record.encode>[0];
  readonly offsets: readonly (typeof ARGUMENTS)[number][];
  readonly each?: GuestKind;
}

/** Steps as a launch page and its scratch memory hold them. */
export type EncodedSteps = Pick<
  LaunchTemplate,
  "page" | "scratch" | "relocations" | "guestRecords"
>;

class Encoder {
  readonly #linux: LinuxAbi;
  readonly #head: Uint8Array;
  readonly #constants: Area;
  readonly #scratch = new Area(LAUNCH_WINDOW);

  constructor(linux: LinuxAbi) {
    this.#linux = linux;
    this.#head = pageHead(CODE[linux.architecture]!);
    this.#constants = new Area(0, this.#head.length);
  }

  encode(steps: readonly Step[]): EncodedSteps {
    const drafts = [
      ...steps.map((step) => this.#draft(step)),
      { values: { call: ENTER }, offsets: [] },
    ];
    // By now, every constant has its place.
    const constants = this.#constants.bytes();
    const first = alignUp(constants.bytes.length, 8);
    const page = new Uint8Array(first + drafts.length * Record.size);
    const view = new DataView(page.buffer);
    page.set(constants.bytes);
    page.set(this.#head);
    view.setUint32(RECORDS_SLOT, first, true);
    const relocations = [...constants.pointers];
    const guestRecords: { at: number; each: GuestKind }[] = [];
    drafts.forEach(({ values, offsets, each }: Draft, index) => {
      const at = first + index * Record.size;
      Record.write(view, at, values);
      relocations.push(...offsets.map((name) => at + Record.offsets[name]));
      if (each !== undefined) guestRecords.push({ at, each });
    });
    const scratch = this.#scratch.bytes();
    return {
      page,
      scratch: scratch.bytes,
      relocations: { page: relocations, scratch: scratch.pointers },
      guestRecords,
    };
  }

  #draft(step: Step): Draft {
    if ("each" in step) return this.#ofGuest(step);
    return "call" in step ? this.#call(step) : this.#look(step);
  }

  #ofGuest({ each, call, more, purpose, unexpected }: GuestStep): Draft {
    if (call === "copy") return { values: { call: COPY }, offsets: [], each };
    const expect = unexpected === undefined ? undefined : { result: 0, complaint: unexpected };
    return { ...this.#call({ call, args: [0, 0, 0, ...more], purpose, expect }), each };
  }

  #call(step: CallStep): Draft {
    const { call, args } = step;
    const values: Draft["values"] = { call: this.#linux.calls[call] };
    const isData = (arg: Operand | undefined) => typeof arg === "object" && arg.kind === "data";
    args.forEach((arg, index) => {
      if (typeof arg === "number") values[ARGUMENTS[index]!] = arg;
      else if (arg.kind === "data") values[ARGUMENTS[index]!] = this.#place(arg);
      else values.chained = 1;
    });
    Object.assign(values, this.#judgement(step));
    return { values, offsets: ARGUMENTS.filter((_, index) => isData(args[index])) };
  }

  /** The fields of a record that say which results are right. */
  #judgement({ purpose, expect, complaint, skip, secret }: CallStep): Draft["values"] {
    if (purpose !== undefined) {
      return { judge: JUDGE.noError, text: this.#text(`cannot ${purpose}`, { end: ": ", secret }) };
    }
    if (expect !== undefined) {
      const text = this.#text(expect.complaint, { end: "\n", secret });
      return { judge: JUDGE.exact, expected: expect.result, text };
    }
    if (complaint !== undefined) {
      return { judge: JUDGE.success, text: this.#text(complaint, { end: "\n", secret }) };
    }
    return skip === undefined ? {} : { judge: JUDGE.skip, text: skip * Record.size };
  }

  #look({ data, at, mask, equals, complaint, secret }: CheckStep): Draft {
    const values = {
      call: LOOK,
      judge: JUDGE.exact,
      a0: this.#place(data) + at,
      a1: mask,
      expected: equals,
      text: this.#text(complaint, { end: "\n", secret }),
    };
    return { values, offsets: ["a0"] };
  }

  #place(data: Data): number {
    return (data.temporary ? this.#scratch : this.#constants).place(data);
  }

  /**
   * Places a text that is printed if the launch fails; it may name files, so it is made printable.
   */
  #text(text: string, { end, secret = false }: { end: string; secret?: boolean }): number {
    const area = secret ? this.#scratch : this.#constants;
    return area.place({ bytes: encodeText(printable(text) + end), pointers: [] });
  }
}

/** Makes what every page of an architecture begins with. */
function pageHead(code: Uint8Array): Uint8Array {
  if (code.length > RECORDS_SLOT) throw new RangeError(`launch code of ${code.length} bytes`);
  const head = new Uint8Array(REASONS_AT + REASON_TABLE.length);
  head.set(code);
  head.set(REASON_TABLE, REASONS_AT);
  return head;
}

type Content = Pick<Data, "bytes" | "pointers">;

/** A range of memory in which constants get places, as offsets from the page. */
class Area {
  readonly #start: number;
  readonly #places = new Map<Content, number>();
  #size: number;

  /** @param taken bytes at its start that are not for constants */
  constructor(start: number, taken = 0) {
    this.#start = start;
    this.#size = taken;
  }

  /**
   * The offset of a constant; when first asked for, it gets a place, and so does all it points to.
   */
  place(content: Content): number {
    let place = this.#places.get(content);
    if (place === undefined) {
      place = alignUp(this.#size, 8);
      this.#size = place + content.bytes.length;
      this.#places.set(content, place);
      for (const { to } of content.pointers) this.place(to);
    }
    return this.#start + place;
  }

  /** All constants in their places, and the offsets of the pointers among them. */
  bytes(): { bytes: Uint8Array<ArrayBuffer>; pointers: number[] } {
    const bytes = new Uint8Array(this.#size);
    const view = new DataView(bytes.buffer);
    const pointers: number[] = [];
    for (const [content, place] of this.#places) {
      bytes.set(content.bytes, place);
      for (const { at, to } of content.pointers) {
        view.setBigUint64(place + at, BigInt(this.place(to)), true);
        pointers.push(place + at);
      }
    }
    return { bytes, pointers };
  }
}

/** What a launch says of a call that fails, by `errno` (Linux). */
const REASONS: readonly (readonly [errno: number, text: string])[] = [
  [1, "Operation not permitted"],
  [2, "No such file or directory"],
  [6, "No such device or address"],
  [9, "Bad file descriptor"],
  [12, "Cannot allocate memory"],
  [13, "Permission denied"],
  [16, "Device or resource busy"],
  [17, "File exists"],
  [19, "No such device"],
  [20, "Not a directory"],
  [21, "Is a directory"],
  [22, "Invalid argument"],
  [23, "Too many open files in system"],
  [24, "Too many open files"],
  [26, "Text file busy"],
  [30, "Read-only file system"],
  [36, "File name too long"],
  [38, "Function not implemented"],
  [40, "Too many levels of symbolic links"],
  [77, "File descriptor in bad state"],
];

/** What it says of every other `errno`. */
const OTHER = [0, "the kernel refuses"] as const;

/**
 * The reasons as they lie at {@linkcode REASONS_AT} of a launch page, where the code looks for
 * them.
 */
const REASON_TABLE: Uint8Array = encodeReasons();

function encodeReasons(): Uint8Array {
  const rows = [...REASONS, OTHER];
  const texts = rows.map(([, text]) => encodeText(`${text}\n`));
  const end = texts.reduce((end, { length }) => end + length, rows.length * Reason.size);
  const table = new Uint8Array(alignUp(end, 8));
  let at = rows.length * Reason.size;
  rows.forEach(([errno], index) => {
    const text = texts[index]!;
    Reason.write(viewOf(table), index * Reason.size, { errno, text: REASONS_AT + at });
    table.set(text, at);
    at += text.length;
  });
  return table;
}
