/**
 * What a program says of addresses in its code: operands of instructions, pointers in its data, and
 * tables of jumps. Whatever may be an address counts as one: here that is the safe side.
 *
 * @module
 */
import { ELF_TYPES } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import { type LoadedProgram, segmentAt } from "../loaded.ts";
import { type Instruction, NO_SIB } from "./decode.ts";

/** The lowest and the highest address that a program has content at. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** The extent of what is executable, or of the whole program. */
export function extentOf({ segments }: LoadedProgram, only?: "executable"): Extent {
  const counted = segments.filter(({ execute }) => execute || only === undefined);
  return {
    low: Math.min(...counted.map(({ address }) => address)),
    high: Math.max(...counted.map(({ address, data }) => address + data.length)),
  };
}

/** Whether a program's addresses may stand in its instructions: it is loaded where the file says. */
export function isFixed({ elf }: LoadedProgram): boolean {
  return elf.header.type === ELF_TYPES.EXEC;
}

/** Words of a program's content that are the addresses of executable bytes. */
export interface CodeWords {
  /** Those with the size of a pointer. */
  readonly pointers: readonly number[];
  /** Others, which may well be numbers. */
  readonly words: readonly number[];
}

/**
 * Words of a program's content that are addresses of executable bytes: pointers to functions, tables of
 * jumps, relocations. Words of 8 bytes count, and in a program that is not position-independent those
 * of 4.
 */
export function wordsIntoCode(program: LoadedProgram): CodeWords {
  const { low, high } = extentOf(program, "executable");
  const fixed = isFixed(program);
  const pointers: number[] = [];
  const words: number[] = [];
  for (const { address, data } of program.segments) {
    const values = wordsOf(data.subarray((8 - address % 8) % 8));
    for (let at = 0; at + 1 < values.length; at += 2) {
      const lower = values[at]!;
      const upper = values[at + 1]!;
      const to = upper === 0 ? lower : upper * 2 ** 32 + lower;
      if (low <= to && to < high) pointers.push(to);
      else if (fixed) {
        if (low <= lower && lower < high) words.push(lower);
        if (low <= upper && upper < high) words.push(upper);
      }
    }
  }
  return { pointers, words };
}

/** Content as words of 4 bytes. x86-64 stores them as this machine does; what is not aligned is copied. */
function wordsOf(data: Uint8Array): Uint32Array {
  const { buffer, byteOffset, length } = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Uint32Array(buffer, byteOffset, Math.floor(length / 4));
}

/** A table of jumps in position-independent code: distances of 4 bytes from the table's start. */
export interface JumpTable {
  readonly address: number;
  /** How many entries it has; it ends before the first that leads to no executable byte. */
  readonly count: number;
}

/**
 * Where a table of jumps leads.
 *
 * @param code the extent of what is executable
 */
export function tableTargets(
  { segments }: LoadedProgram,
  { address, count, code }: JumpTable & { readonly code: Extent },
): number[] {
  const segment = segmentAt(segments, address);
  if (segment === undefined) return [];
  const { data } = segment;
  const targets: number[] = [];
  const start = address - segment.address;
  for (let at = start; at + 4 <= data.length && at < start + 4 * count; at += 4) {
    const distance = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) |
      (data[at + 3]! << 24);
    const target = address + distance;
    if (target < code.low || target >= code.high) break;
    targets.push(target);
  }
  return targets;
}

/** How many instructions are between the check of an index, the table's address, and the table's use. */
const SEARCHED = 12;

/**
 * Recognises how compilers use tables of jumps: an index is compared with the last one, a jump is made if
 * it is above that, the table's address is loaded, and an entry of 4 bytes is read.
 */
export class TableSearch {
  readonly #segment: { readonly address: number };
  readonly #code: DataView;
  #compared = 0;
  #count = 0;
  #countAge = SEARCHED;
  #label = 0;
  #labelAge = SEARCHED;

  /** Searches a segment. */
  constructor(segment: { readonly address: number; readonly code: Uint8Array }) {
    this.#segment = segment;
    this.#code = viewOf(segment.code);
  }

  /** Forgets what came before. */
  reset(): void {
    this.#countAge = this.#labelAge = SEARCHED;
  }

  /** Takes the next instruction, which is at an offset; returns a table if this one reads from it. */
  next(instruction: Instruction, at: number): JumpTable | undefined {
    this.#countAge++;
    this.#labelAge++;
    const { map, opcode, sib, flow } = instruction;
    if (map > 1) return undefined;
    if (flow === "branch") {
      if ((opcode & 15) !== JUMP_IF_ABOVE) return undefined;
      this.#count = this.#compared + 1;
      this.#countAge = 0;
    } else if (map === 0 && opcode === LEA && instruction.relativeSize !== 0) {
      this.#label = this.#segment.address + at + instruction.refersTo;
      this.#labelAge = 0;
    } else if (map === 0 && opcode === MOVSXD && sib !== NO_SIB && sib >> 6 === 2) {
      // movslq (base,index,4)
      if (this.#countAge >= SEARCHED || this.#labelAge >= SEARCHED) return undefined;
      return { address: this.#label, count: this.#count };
    } else if (map === 0 && compares(instruction)) {
      const place = at + instruction.immediateAt;
      this.#compared = instruction.immediateSize === 1
        ? this.#code.getUint8(place)
        : this.#code.getUint16(place, true);
    }
    return undefined;
  }
}

const LEA = 0x8d;
const MOVSXD = 0x63;

/** Whether an instruction compares something with a number. */
function compares({ opcode, modrm }: Instruction): boolean {
  if (opcode === 0x3c || opcode === 0x3d) return true;
  return (opcode & 0xfc) === 0x80 && opcode !== 0x82 && ((modrm >> 3) & 7) === 7;
}

/** The condition of `ja`. */
const JUMP_IF_ABOVE = 7;
