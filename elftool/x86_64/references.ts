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
): number[] {
  const { code, at, address, absolute } = options;
  const { displacementAt, displacementSize, immediateAt, immediateSize } = instruction;
  const found: number[] = [];
  if (instruction.relativeSize !== 0) found.push(address + instruction.refersTo);
  if (absolute === undefined) return found;
  const consider = (value: number) => {
    if (absolute.low <= value && value < absolute.high) found.push(value);
  };
  if (displacementSize === 4 && instruction.relativeSize === 0) {
    consider(code.getInt32(at + displacementAt, true));
  }
  if (immediateSize === 4) consider(code.getInt32(at + immediateAt, true));
  if (immediateSize === 8) consider(Number(code.getBigInt64(at + immediateAt, true)));
  return found;
}

/**
 * Words of a program's content that are addresses of executable bytes: pointers to functions, tables of
 * jumps, relocations. Words of 8 bytes count, and in a program that is not position-independent those
 * of 4.
 *
 * @returns each address, once for each word
 */
export function* wordsIntoCode(program: LoadedProgram): Generator<number> {
  const { low, high } = extentOf(program, "executable");
  const fixed = isFixed(program);
  for (const { address, data } of program.segments) {
    const view = viewOf(data);
    const first = (8 - address % 8) % 8;
    for (let at = first; at + 8 <= data.length; at += 8) {
      const word = view.getUint32(at, true);
      const upper = view.getUint32(at + 4, true);
      const long = upper * 2 ** 32 + word;
      if (low <= long && long < high) yield long;
      else if (fixed) {
        if (low <= word && word < high) yield word;
        if (low <= upper && upper < high) yield upper;
      }
    }
  }
}

/**
 * The targets of a table of jumps that position-independent code has: distances of 4 bytes from the
 * table's start. It ends before the first that leads to no executable byte.
 *
 * @param table an address that may be the start of one
 */
export function* tableTargets(program: LoadedProgram, table: number): Generator<number> {
  const segment = segmentAt(program.segments, table);
  if (segment === undefined) return;
  const view = viewOf(segment.data);
  const { low, high } = extentOf(program, "executable");
  for (let at = table - segment.address; at + 4 <= view.byteLength; at += 4) {
    const target = table + view.getInt32(at, true);
    if (target < low || target >= high) return;
    yield target;
  }
}
