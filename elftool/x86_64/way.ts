/**
 * Instructions one behind the other, and what they refer to.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import type { LoadedProgram } from "../loaded.ts";
import { Decoder } from "./decode.ts";
import { goesOn } from "./flow.ts";
import { type CodeSegment, KINDS, MARKS } from "./marks.ts";
import { type Extent, extentOf, isFixed, TableSearch, tableTargets } from "./references.ts";

const LEA = 0x8d;

/** How an instruction refers to an address. */
export const REFERENCES = {
  /** Execution may come there: behind a call, or through a table. */
  next: 0,
  /** It is the target of a direct jump or call: code beyond doubt. */
  target: 1,
  /** It is an operand, and may be the address of a table. */
  operand: 2,
  /** It is loaded: an operand, and if it is executable, then beyond doubt. */
  label: 3,
} as const;

/** A way through a segment's code. One object serves for all of them, one after the other. */
export class Way {
  /** Where it begins and ends, as offsets. */
  start = 0;
  end = 0;
  /** Whether it leads to something that is no instruction, or into the middle of one. */
  broken = false;
  /** Whether execution may go on behind its last instruction. */
  open = false;
  /** How many addresses its instructions refer to. */
  count = 0;
  /** Those addresses. */
  readonly addresses: number[] = [];
  /** For each of them one of {@linkcode REFERENCES}. */
  readonly references: number[] = [];

  readonly #program: LoadedProgram;
  readonly #segment: CodeSegment;
  readonly #view: DataView;
  readonly #decoder: Decoder;
  /** What is executable. */
  readonly #code: Extent;
  /** In which numbers in instructions are taken for addresses. */
  readonly #absolute: Extent | undefined;
  readonly #tables: TableSearch;

  /** Ways through a segment of a program. */
  constructor(program: LoadedProgram, segment: CodeSegment) {
    this.#program = program;
    this.#segment = segment;
    this.#view = viewOf(segment.code);
    this.#decoder = new Decoder(segment.code);
    this.#tables = new TableSearch(segment);
    this.#code = extentOf(program, "executable");
    this.#absolute = isFixed(program) ? extentOf(program) : undefined;
  }

  /**
   * Goes from one offset to another, or up to a proven instruction. Marks where instructions start.
   *
   * @param options `surely`: whether it ends behind a call, which may not return, and behind a jump
   */
  go(from: number, { to, surely }: { to: number; surely: boolean }): void {
    const { code, kinds, marks } = this.#segment;
    const decoder = this.#decoder;
    this.start = from;
    this.count = 0;
    this.broken = this.open = false;
    this.#tables.reset();
    let at = from;
    while (at < to && (marks[at]! & MARKS.start) === 0) {
      const known = kinds[at] === KINDS.proven || (marks[at]! & MARKS.hopeless) !== 0;
      // As an instruction zeros have no use; they stand behind calls that do not return.
      const zeros = code[at] === 0 && code[at + 1] === 0;
      this.broken = known || zeros || !decoder.read(at, to);
      if (this.broken) break;
      marks[at]! |= MARKS.start;
      this.#take(at);
      at += decoder.length;
      const { flow } = decoder;
      this.open = goesOn(flow);
      if (surely && (!this.open || flow === "call" || flow === "call-indirect")) break;
    }
    this.end = at;
  }

  /**
   * Takes back the marks of a way that turned out to be broken.
   *
   * @param instead marks for the places where its instructions start
   */
  takeBack(instead = 0): void {
    const { marks } = this.#segment;
    for (let at = this.start; at < this.end; at += this.#decoder.length) {
      marks[at] = marks[at]! & ~MARKS.start | instead;
      this.#decoder.read(at);
    }
  }

  /** Takes up what an instruction refers to. */
  #take(at: number): void {
    const decoder = this.#decoder;
    const { length, flow, map, opcode, relativeSize } = decoder;
    const address = this.#segment.address + at;
    if (flow === "branch" || flow === "jump" || flow === "call") {
      this.#refer(address + decoder.refersTo, REFERENCES.target);
    } else {
      if (relativeSize !== 0) {
        const isLabel = map === 0 && opcode === LEA;
        const reference = isLabel ? REFERENCES.label : REFERENCES.operand;
        this.#refer(address + decoder.refersTo, reference);
      }
      if (this.#absolute !== undefined) this.#takeNumbers(at, this.#absolute);
    }
    if (flow === "call" || flow === "call-indirect") {
      this.#refer(address + length, REFERENCES.next);
    }
    const table = this.#tables.next(decoder, at);
    if (table === undefined) return;
    const targets = tableTargets(this.#program, { ...table, code: this.#code });
    for (const target of targets) this.#refer(target, REFERENCES.next);
  }

  /** Takes up numbers in an instruction that may be addresses. */
  #takeNumbers(at: number, { low, high }: Extent): void {
    const { relativeSize, displacementAt, displacementSize, immediateAt, immediateSize } =
      this.#decoder;
    if (displacementSize === 4 && relativeSize === 0) {
      const value = this.#view.getInt32(at + displacementAt, true);
      if (low <= value && value < high) this.#refer(value, REFERENCES.operand);
    }
    if (immediateSize < 4) return;
    const value = immediateSize === 4
      ? this.#view.getInt32(at + immediateAt, true)
      : Number(this.#view.getBigInt64(at + immediateAt, true));
    if (low <= value && value < high) this.#refer(value, REFERENCES.operand);
  }

  #refer(address: number, reference: number): void {
    // Arrays that are emptied give their memory back, to get it again for the next way.
    this.addresses[this.count] = address;
    this.references[this.count++] = reference;
  }
}
