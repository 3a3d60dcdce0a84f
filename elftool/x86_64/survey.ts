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
import { ElfError } from "../error.ts";
import type { LoadedProgram } from "../loaded.ts";
import { readSymbols, type SymbolEntry } from "../symbols.ts";
import { readFrames } from "../unwind.ts";
import { codeAt, type CodeSegment, KINDS, MARKS } from "./marks.ts";
import { type Extent, extentOf, tableTargets, wordsIntoCode } from "./references.ts";
import { REFERENCES, Way } from "./way.ts";

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
  const { pointers, words } = wordsIntoCode(program);
  surveyor.follow(pointers);
  for (const to of [...pointers, ...words]) surveyor.mark(to, MARKS.target);
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

/** The bounds of functions, ascending; of several that begin together the longest comes first. */
function boundsOf(
  frames: readonly Range[],
  symbols: readonly SymbolEntry[],
): Range[] {
  const sized = symbols.filter(({ kind, size }) => kind === "function" && size > 0);
  return [...frames, ...sized.map(({ address, size }) => ({ start: address, end: address + size }))]
    .sort((a, b) => a.start - b.start || b.end - a.end);
}

/** A segment, and the ways through its code. */
interface SurveyedSegment extends CodeSegment {
  readonly way: Way;
}

/** Marks what is known, step by step; see {@linkcode survey} for their order. */
class Surveyor {
  readonly segments: readonly SurveyedSegment[];
  readonly #program: LoadedProgram;
  /** What is executable. */
  readonly #code: Extent;
  /** Functions that were swept with success. */
  readonly #swept: Range[] = [];
  /** The end of all functions that were swept. */
  #end = 0;
  /** Addresses that execution comes to, to go on at if they are not proven. */
  readonly #ahead: number[] = [];
  /** Addresses of content that are operands, each once. */
  readonly #operands: number[] = [];
  /** For each segment of the program: which bytes are operands. */
  readonly #mentioned: readonly { readonly address: number; readonly bytes: Uint8Array }[];
  /** Targets of direct jumps and calls, and labels: code beyond doubt. */
  readonly #named: number[] = [];

  constructor(program: LoadedProgram) {
    this.#program = program;
    this.#code = extentOf(program, "executable");
    this.#mentioned = program.segments.map(({ address, data }) => ({
      address,
      bytes: new Uint8Array(data.length),
    }));
    this.segments = program.segments.filter(({ execute }) => execute).map(({ address, data }) => {
      const [kinds, marks] = [new Uint8Array(data.length), new Uint8Array(data.length)];
      const segment = { address, code: data, kinds, marks };
      return { ...segment, way: new Way(program, segment) };
    });
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
    const { address, code, kinds, way } = segment;
    const from = start - address;
    const to = Math.min(end - address, code.length);
    kinds.fill(KINDS.inside, from, to);
    way.go(from, { to, surely: false });
    if (way.broken) return way.takeBack();
    this.#swept.push({ start, end });
    this.#prove(segment);
    // Bounds of hand-written functions may end too early.
    if (way.open) this.comeTo(end);
  }

  /** Notes that execution comes to an address, and goes on from there later. */
  comeTo(address: number): void {
    const segment = this.mark(address, MARKS.target);
    if (segment === undefined) return;
    if (segment.kinds[address - segment.address] !== KINDS.proven) this.#ahead.push(address);
  }

  /** Adds marks to a byte; returns its segment, undefined if it is not executable. */
  mark(address: number, bits: number): SurveyedSegment | undefined {
    const segment = codeAt(this.segments, address);
    if (segment !== undefined) segment.marks[address - segment.address]! |= bits;
    return segment;
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
    const segment = codeAt(this.segments, address - 1);
    return segment !== undefined && segment.kinds[address - 1 - segment.address] === KINDS.proven;
  }

  /** Marks what would be the targets if all addresses in operands were those of tables. */
  markTables(): void {
    let left = ENTRIES_PER_BYTE * this.#program.elf.bytes.length;
    for (const address of this.#operands) {
      if (left < 0) throw tooMany(this.#program);
      const table = { address, count: MOST_ENTRIES, code: this.#code };
      for (const target of tableTargets(this.#program, table)) {
        this.mark(target, MARKS.target);
        left--;
      }
    }
  }

  #followFrom(address: number): void {
    const segment = codeAt(this.segments, address)!;
    const { kinds, code, way } = segment;
    const from = address - segment.address;
    // A function that could not be swept is left alone.
    if (kinds[from] !== KINDS.unknown) return;
    way.go(from, { to: code.length, surely: true });
    if (!way.broken) return this.#prove(segment);
    // Many ways may lead here, and none is gone twice.
    way.takeBack(MARKS.hopeless);
  }

  /** Takes back what was proven of functions into whose instructions named addresses lead. */
  withdraw(): void {
    const entries = this.#named.filter((address) => this.#leadsInside(address));
    entries.sort((a, b) => a - b);
    let next = 0;
    for (const { start, end } of this.#swept) {
      while (entries[next]! < start) next++;
      if (!(entries[next]! < end)) continue;
      const { address, code, kinds, marks } = codeAt(this.segments, start)!;
      const to = Math.min(end - address, code.length);
      kinds.fill(KINDS.inside, start - address, to);
      for (let at = start - address; at < to; at++) marks[at]! &= ~MARKS.start;
    }
  }

  /** Whether an address is in the middle of a proven instruction. */
  #leadsInside(to: number): boolean {
    const segment = codeAt(this.segments, to);
    if (segment === undefined) return false;
    const { address, code, kinds, marks } = segment;
    const at = to - address;
    if (kinds[at] !== KINDS.proven || (marks[at]! & MARKS.start) !== 0) return false;
    // Code that is fit for one CPU jumps over the prefix of an instruction.
    return code[at - 1] !== LOCK || (marks[at - 1]! & MARKS.start) === 0;
  }

  /** Notes an operand; returns whether it is content that was not mentioned before. */
  #mention(operand: number): boolean {
    for (const { address, bytes } of this.#mentioned) {
      const at = operand - address;
      if (at < 0 || at >= bytes.length) continue;
      if (bytes[at] !== 0) return false;
      bytes[at] = 1;
      this.#operands.push(operand);
      return true;
    }
    return false;
  }

  /** Proves the instructions of the way that was gone last. */
  #prove({ kinds, way }: SurveyedSegment): void {
    kinds.fill(KINDS.proven, way.start, way.end);
    for (let index = 0; index < way.count; index++) {
      const address = way.addresses[index]!;
      const reference = way.references[index]!;
      if (reference === REFERENCES.operand || reference === REFERENCES.label) {
        const isNew = this.#mention(address);
        if (!isNew && reference === REFERENCES.operand) continue;
      }
      if (reference === REFERENCES.target || reference === REFERENCES.label) {
        this.#named.push(address);
      }
      this.comeTo(address);
    }
  }
}

function tooMany({ elf: { name } }: LoadedProgram): ElfError {
  return new ElfError("elf-symbols", `${name}: code: more tables of jumps than any compiler makes`);
}
