/**
 * What a program says of addresses in its code: operands of instructions, pointers in its data, and
 * tables of jumps. Whatever may be an address counts as one: here that is the safe side.
 *
 * @module
 */
import { ELF_TYPES } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import { type LoadedProgram, segmentAt } from "../loaded.ts";
import type { Instruction } from "./decode.ts";

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

/**
 * Addresses in the operands of an instruction that is no direct jump or call.
 *
 * @param options `at`: its offset in `code`; `address`: its address; `absolute`: the extent in which
 * numbers are taken for addresses, undefined in a position-independent program
 */
export function operandAddresses(
  instruction: Instruction,
  options: { code: DataView; at: number; address: number; absolute: Extent | undefined },
): readonly number[] {
  const { code, at, address, absolute } = options;
  const { relativeSize, displacementAt, displacementSize, immediateAt, immediateSize } =
    instruction;
  if (relativeSize !== 0) {
    const own = address + instruction.refersTo;
    return immediateSize === 4 && absolute !== undefined
      ? [own, ...within(absolute, code.getInt32(at + immediateAt, true))]
      : [own];
  }
  if (absolute === undefined || displacementSize < 4 && immediateSize < 4) return NONE;
  return [
    ...displacementSize === 4 ? within(absolute, code.getInt32(at + displacementAt, true)) : NONE,
    ...immediateSize === 4 ? within(absolute, code.getInt32(at + immediateAt, true)) : NONE,
    ...immediateSize === 8
      ? within(absolute, Number(code.getBigInt64(at + immediateAt, true)))
      : NONE,
  ];
}

const NONE: readonly number[] = [];

function within({ low, high }: Extent, value: number): readonly number[] {
  return low <= value && value < high ? [value] : NONE;
}

/** A word of a program's content that is the address of an executable byte. */
export interface CodeWord {
  readonly to: number;
  /** Whether it has the size of a pointer; else it may well be a number. */
  readonly pointer: boolean;
}

/**
 * Words of a program's content that are addresses of executable bytes: pointers to functions, tables of
 * jumps, relocations. Words of 8 bytes count, and in a program that is not position-independent those
 * of 4.
 */
export function* wordsIntoCode(program: LoadedProgram): Generator<CodeWord> {
  const { low, high } = extentOf(program, "executable");
  const fixed = isFixed(program);
  for (const { address, data } of program.segments) {
    const view = viewOf(data);
    for (let at = (8 - address % 8) % 8; at + 8 <= data.length; at += 8) {
      const lower = view.getUint32(at, true);
      const upper = view.getUint32(at + 4, true);
      const to = upper * 2 ** 32 + lower;
      if (low <= to && to < high) yield { to, pointer: true };
      else if (fixed) {
        if (low <= lower && lower < high) yield { to: lower, pointer: false };
        if (low <= upper && upper < high) yield { to: upper, pointer: false };
      }
    }
  }
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
  #compared = 0;
  #count = 0;
  #countAge = SEARCHED;
  #label = 0;
  #labelAge = SEARCHED;

  /** Takes the next instruction; returns a table if this one reads from it. */
  next(
    { map, opcode, modrm, sib, flow, relativeSize, refersTo, immediateAt, immediateSize }:
      Instruction,
    { code, at, address }: { code: DataView; at: number; address: number },
  ): JumpTable | undefined {
    this.#countAge++;
    this.#labelAge++;
    const compares = opcode === 0x3c || opcode === 0x3d ||
      (opcode === 0x80 || opcode === 0x81 || opcode === 0x83) && ((modrm >> 3) & 7) === 7;
    if (map === 0 && compares) {
      const place = at + immediateAt;
      this.#compared = immediateSize === 1 ? code.getUint8(place) : code.getUint16(place, true);
    } else if (flow === "branch" && (opcode & 15) === JUMP_IF_ABOVE) {
      this.#count = this.#compared + 1;
      this.#countAge = 0;
    } else if (map === 0 && opcode === 0x8d && relativeSize !== 0) {
      this.#label = address + refersTo;
      this.#labelAge = 0;
    } else if (map === 0 && opcode === 0x63 && sib !== undefined && sib >> 6 === 2) {
      // movslq (base,index,4)
      if (this.#countAge >= SEARCHED || this.#labelAge >= SEARCHED) return undefined;
      return { address: this.#label, count: this.#count };
    }
    return undefined;
  }
}

/** The condition of `ja`. */
const JUMP_IF_ABOVE = 7;
