/**
 * Finds out which bytes of a program are instructions, and which of those execution may reach other
 * than from the instruction before, so that code can be rewritten.
 *
 * An instruction is proven if it lies in a function whose bounds are known and which decodes from its
 * start to its end, or if a way of direct jumps and calls leads to it. The code is taken for a
 * compiler's: a program that is written to mislead this harms itself alone.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import { ElfError } from "../error.ts";
import type { LoadedProgram } from "../loaded.ts";
import { readSymbols, type SymbolEntry } from "../symbols.ts";
import { readFrames } from "../unwind.ts";
import { decode, type Instruction } from "./decode.ts";
import {
  type Extent,
  extentOf,
  isFixed,
  type JumpTable,
  operandAddresses,
  TableSearch,
  tableTargets,
  wordsIntoCode,
} from "./references.ts";

/** Bits of {@linkcode CodeSegment.marks}, which has a byte for each byte of code. */
export const MARKS = {
  /** A proven instruction begins here. */
  start: 1,
  /** A byte of a proven instruction. */
  proven: 2,
  /** Execution may come here from elsewhere, be an instruction here or not. */
  target: 4,
  /** Inside the bounds of a function, be they right or not. */
  inside: 8,
  /** What would begin here leads to bytes that are no instruction. */
  hopeless: 16,
} as const;

/** An executable segment and what is known of it. */
export interface CodeSegment {
  readonly address: number;
  readonly code: Uint8Array;
  readonly marks: Uint8Array;
}

/** What is known of a program's code. */
export interface Survey {
  readonly program: LoadedProgram;
  readonly segments: readonly CodeSegment[];
}

/** A range of addresses. */
interface Range {
  readonly start: number;
  readonly end: number;
}

const LOCK = 0xf0;
const LEA = 0x8d;
/** How long a table of jumps may be whose length does not show, in entries. */
const MOST_ENTRIES = 4096;
/** How many entries of tables are read at most, for each byte of the file. */
const ENTRIES_PER_BYTE = 4;
/** How often pointers are tried that no proven instruction is in front of. */
const MOST_ROUNDS = 8;
/** Where compilers let functions begin unless they save bytes. */
const FUNCTION_ALIGNMENT = 16;
/** `mov $15,%rax; syscall`: where handlers of signals return to. */
const RETURN_FROM_SIGNAL = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];

/**
 * Surveys a program's code.
 *
 * @throws {ElfError} "elf-symbols" if the program's symbols or its tables are broken
 */
export function survey(program: LoadedProgram): Survey {
  const frames = readFrames(program);
  const { bytes, name, header } = program.elf;
  const symbols = readSymbols(bytes, { name }).filter(({ kind }) => kind !== "tls");
  const surveyor = new Surveyor(program);
  for (const range of boundsOf(frames, symbols)) surveyor.sweep(range);
  surveyor.comeTo(header.entry);
  for (const { landings } of frames) for (const landing of landings) surveyor.comeTo(landing);
  for (const { address, kind } of symbols) {
    // What is no function may be data.
    if (kind === "function") surveyor.comeTo(address);
    else surveyor.mark(address, MARKS.target);
  }
  const words = [...wordsIntoCode(program)];
  surveyor.follow(words.filter(({ pointer }) => pointer).map(({ to }) => to));
  for (const { to } of words) surveyor.mark(to, MARKS.target);
  surveyor.markTables();
  surveyor.withdraw();
  return { program, segments: surveyor.segments };
}

/**
 * Whether handlers of signals return to an address. Unwinders look one byte before the address that a
 * function returns to, so the bounds of this one begin there.
 */
function returnsFromSignal({ address, code }: CodeSegment, at: number): boolean {
  return RETURN_FROM_SIGNAL.every((byte, index) => code[at - address + index] === byte);
}

/** The segment whose code has a byte at an address. */
export function codeAt(segments: readonly CodeSegment[], address: number): CodeSegment | undefined {
  return segments.find((segment) =>
    segment.address <= address && address < segment.address + segment.code.length
  );
}

/** The bounds of functions, ascending; of several that begin together the longest comes first. */
function boundsOf(
  frames: readonly Range[],
  symbols: readonly SymbolEntry[],
): Range[] {
  const sized = symbols.filter(({ kind, size }) => kind === "function" && size > 0);
  return [...frames, ...sized.map(({ address, size }) => ({ start: address, end: address + size }))]
    .sort((a, b) => a.start - b.start || b.end - a.end);
}

/** Marks what is known, step by step; see {@linkcode survey} for their order. */
class Surveyor {
  readonly segments: readonly CodeSegment[];
  readonly #program: LoadedProgram;
  /** What is executable. */
  readonly #code: Extent;
  /** In which numbers in instructions are taken for addresses. */
  readonly #absolute: Extent | undefined;
  /** Functions that were swept with success. */
  readonly #swept: Range[] = [];
  /** The end of all functions that were swept. */
  #end = 0;
  /** Addresses that execution comes to, to go on at if they are not proven. */
  readonly #ahead: number[] = [];
  readonly #operands = new Set<number>();
  /** Targets of direct jumps and calls, and labels: code beyond doubt. */
  readonly #named: number[] = [];

  constructor(program: LoadedProgram) {
    this.#program = program;
    this.#code = extentOf(program, "executable");
    this.#absolute = isFixed(program) ? extentOf(program) : undefined;
    this.segments = program.segments.filter(({ execute }) => execute).map(({ address, data }) => ({
      address,
      code: data,
      marks: new Uint8Array(data.length),
    }));
  }

  /** Proves the instructions of a function, if it decodes from its start to its end. */
  sweep({ start: first, end }: Range): void {
    const segment = codeAt(this.segments, first);
    const start = segment !== undefined && returnsFromSignal(segment, first + 1)
      ? first + 1
      : first;
    this.comeTo(start);
    // What begins inside another function is a part of that.
    if (segment === undefined || start < this.#end) return;
    this.#end = end;
    const from = start - segment.address;
    const to = Math.min(end - segment.address, segment.code.length);
    for (let at = from; at < to; at++) segment.marks[at]! |= MARKS.inside;
    const { steps, broken } = wayFrom(segment, { from, to, over: () => true });
    if (broken) return;
    this.#swept.push({ start, end });
    this.#prove(segment, steps);
    // Bounds of hand-written functions may end too early.
    const last = steps.at(-1);
    if (last !== undefined && goesOn(last.instruction)) this.comeTo(end);
  }

  /** Notes that execution comes to an address, and goes on from there later. */
  comeTo(address: number): void {
    const marks = this.mark(address, MARKS.target);
    if (marks !== undefined && (marks & MARKS.proven) === 0) this.#ahead.push(address);
  }

  /** Adds marks to a byte; returns those that it has then, undefined if it is not executable. */
  mark(address: number, bits: number): number | undefined {
    const segment = codeAt(this.segments, address);
    if (segment === undefined) return undefined;
    return segment.marks[address - segment.address]! |= bits;
  }

  /**
   * Proves what execution comes to outside of functions whose bounds are known.
   *
   * @param pointers what looks like pointers to code. They come last: they must not hide what is certain
   */
  follow(pointers: readonly number[]): void {
    this.#followAll();
    let left = [...new Set(pointers)];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      left = left.filter((address) => {
        if (!this.#mayBegin(address)) return true;
        this.comeTo(address);
        this.#followAll();
        return false;
      });
    }
  }

  #followAll(): void {
    for (let address = this.#ahead.pop(); address !== undefined; address = this.#ahead.pop()) {
      this.#followFrom(address);
    }
  }

  /** Whether a pointer leads to where compilers let functions begin, or to behind an instruction. */
  #mayBegin(address: number): boolean {
    if (address % FUNCTION_ALIGNMENT === 0) return true;
    return ((this.mark(address - 1, 0) ?? 0) & MARKS.proven) !== 0;
  }

  /** Marks what would be the targets if all addresses in operands were those of tables. */
  markTables(): void {
    let left = ENTRIES_PER_BYTE * this.#program.elf.bytes.length;
    for (const operand of this.#operands) {
      if (left < 0) throw tooMany(this.#program);
      for (const target of this.#targetsOf({ address: operand, count: MOST_ENTRIES })) {
        this.mark(target, MARKS.target);
        left--;
      }
    }
  }

  #followFrom(address: number): void {
    const segment = codeAt(this.segments, address)!;
    const from = address - segment.address;
    // A function that could not be swept is left alone.
    if ((segment.marks[from]! & (MARKS.proven | MARKS.inside)) !== 0) return;
    const to = segment.code.length;
    const { steps, broken } = wayFrom(segment, { from, to, over: goesOnSurely });
    if (!broken) return this.#prove(segment, steps);
    // Many ways may lead here, and none is gone twice.
    for (const { at } of steps) segment.marks[at]! |= MARKS.hopeless;
  }

  /** Takes back what was proven of functions into whose instructions named addresses lead. */
  withdraw(): void {
    const broken = this.#named.filter((address) => this.#leadsInside(address));
    broken.sort((a, b) => a - b);
    let next = 0;
    for (const { start, end } of this.#swept) {
      while (broken[next]! < start) next++;
      if (!(broken[next]! < end)) continue;
      const { address, marks } = codeAt(this.segments, start)!;
      for (let at = start - address; at < end - address && at < marks.length; at++) {
        marks[at]! &= ~(MARKS.start | MARKS.proven);
      }
    }
  }

  /** Whether an address is in the middle of a proven instruction. */
  #leadsInside(to: number): boolean {
    const segment = codeAt(this.segments, to);
    if (segment === undefined) return false;
    const { address, code, marks } = segment;
    const at = to - address;
    if ((marks[at]! & (MARKS.proven | MARKS.start)) !== MARKS.proven) return false;
    // Code that is fit for one CPU jumps over the prefix of an instruction.
    return code[at - 1] !== LOCK || (marks[at - 1]! & MARKS.start) === 0;
  }

  #prove(segment: CodeSegment, way: readonly Step[]): void {
    const { address, code, marks } = segment;
    const view = viewOf(code);
    const tables = new TableSearch();
    for (const { at, instruction } of way) {
      const { length, flow, map, opcode, relativeSize, refersTo } = instruction;
      marks[at]! |= MARKS.start;
      for (let byte = at; byte < at + length; byte++) marks[byte]! |= MARKS.proven;
      const own = address + at;
      if (flow === "branch" || flow === "jump" || flow === "call") {
        this.#name(own + refersTo);
      } else {
        const options = { code: view, at, address: own, absolute: this.#absolute };
        for (const operand of operandAddresses(instruction, options)) this.#mention(operand);
        if (map === 0 && opcode === LEA && relativeSize !== 0) {
          this.#name(own + refersTo);
        }
      }
      // Callees return there.
      if (flow === "call" || flow === "call-indirect") this.comeTo(own + length);
      const table = tables.next(instruction, { code: view, at, address: own });
      if (table !== undefined) {
        for (const target of this.#targetsOf(table)) this.comeTo(target);
      }
    }
  }

  /** Notes what an instruction names as code beyond doubt. */
  #name(address: number): void {
    this.#named.push(address);
    this.comeTo(address);
  }

  #targetsOf(table: JumpTable): number[] {
    return tableTargets(this.#program, { ...table, code: this.#code });
  }

  /** Notes an address in an operand: a label, a function, or a table of jumps. */
  #mention(address: number): void {
    if (this.#operands.has(address)) return;
    this.#operands.add(address);
    this.comeTo(address);
  }
}

/** One instruction and its offset in its segment. */
interface Step {
  readonly at: number;
  readonly instruction: Instruction;
}

function tooMany({ elf: { name } }: LoadedProgram): ElfError {
  return new ElfError("elf-symbols", `${name}: code: more tables of jumps than any compiler makes`);
}

/** Instructions one behind the other. */
interface Way {
  readonly steps: readonly Step[];
  /** Whether it leads to something that is no instruction, or into the middle of one. */
  readonly broken: boolean;
}

/**
 * Decodes instructions one behind the other, up to one that is proven or to the range's end.
 *
 * @param options `over`: whether the way goes on behind an instruction
 */
function wayFrom(
  { code, marks }: CodeSegment,
  options: { from: number; to: number; over: (instruction: Instruction) => boolean },
): Way {
  const { from, to, over } = options;
  const range = code.subarray(0, to);
  const steps: Step[] = [];
  for (let at = from; at < to;) {
    if ((marks[at]! & MARKS.start) !== 0) break;
    const known = (marks[at]! & (MARKS.proven | MARKS.hopeless)) !== 0;
    const instruction = known || isZero(range, at) ? undefined : decode(range, at);
    if (instruction === undefined) return { steps, broken: true };
    steps.push({ at, instruction });
    if (!over(instruction)) break;
    at += instruction.length;
  }
  return { steps, broken: false };
}

/** Whether execution certainly goes on behind an instruction: not every callee returns. */
function goesOnSurely(instruction: Instruction): boolean {
  return goesOn(instruction) && instruction.flow !== "call" && instruction.flow !== "call-indirect";
}

/** Whether zeros are at an offset. As an instruction they have no use; they stand behind calls without return. */
function isZero(code: Uint8Array, at: number): boolean {
  return code[at] === 0 && code[at + 1] === 0;
}

/** Whether execution may go on behind an instruction. */
function goesOn({ flow }: Instruction): boolean {
  return flow !== "jump" && flow !== "jump-indirect" && flow !== "return" && flow !== "stop";
}
