/**
 * Finds instructions of certain kinds in a program that was surveyed.
 *
 * @module
 */
import { decode, type Instruction } from "./decode.ts";
import { type CodeSegment, KINDS, MARKS } from "./marks.ts";
import type { Survey } from "./survey.ts";

/** An instruction that was looked for. */
export interface Finding {
  readonly address: number;
  readonly instruction: Instruction;
  /** Why its bytes are not proven to be one; undefined if they are. */
  readonly doubt: string | undefined;
}

/** The doubt about bytes that are proven to be a part of another instruction. */
export const PART_OF_ANOTHER = "part of another instruction";

/** What {@linkcode findInstructions} looks for. */
export interface Sought {
  /** The first two bytes of opcodes and of what follows them: `[[0x0f, 0x05]]`. */
  readonly pairs: readonly (readonly [number, number])[];
  /** Whether an instruction with such bytes is one of those. */
  readonly wanted: (instruction: Instruction) => boolean;
}

/**
 * Finds all bytes that read as certain instructions, ascending by address: those that are proven, and
 * those of which nobody knows.
 */
export function findInstructions({ segments }: Survey, { pairs, wanted }: Sought): Finding[] {
  const found: Finding[] = [];
  for (const segment of segments) {
    const { address, code } = segment;
    let end = 0;
    for (const byte of placesOf(code, pairs)) {
      if (byte < end) continue;
      const own = startAt(segment, byte);
      // What the bytes are as they were proven, and what they would be if execution came here.
      for (const at of own === undefined || own === byte ? [byte] : [own, byte]) {
        const instruction = decode(code, at);
        if (instruction === undefined || !wanted(instruction)) continue;
        end = at + instruction.length;
        const doubt = at === own ? undefined : doubtOf(segment, at);
        found.push({ address: address + at, instruction, doubt });
        break;
      }
    }
  }
  return found;
}

/** Where pairs of bytes are, ascending. */
function placesOf(code: Uint8Array, pairs: Sought["pairs"]): number[] {
  const places: number[] = [];
  for (const [first, second] of pairs) {
    for (let at = code.indexOf(second, 1); at >= 0; at = code.indexOf(second, at + 1)) {
      if (code[at - 1] === first) places.push(at - 1);
    }
  }
  return places.sort((a, b) => a - b);
}

/** Where the proven instruction begins that a byte belongs to. */
function startAt({ kinds, marks }: CodeSegment, byte: number): number | undefined {
  if (kinds[byte] !== KINDS.proven) return undefined;
  let at = byte;
  while ((marks[at]! & MARKS.start) === 0) at--;
  return at;
}

function doubtOf({ kinds }: CodeSegment, at: number): string {
  if (kinds[at] === KINDS.proven) return PART_OF_ANOTHER;
  if (kinds[at] === KINDS.inside) return "in a function that does not decode";
  return "outside of every function";
}
