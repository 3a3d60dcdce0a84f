/**
 * Relative relocations that a program makes itself at its entry, instead of its loader. A large program
 * has more than a hundred thousand of them, in hundreds of pages: as a bitmap they take a hundredth of the
 * space, and one call makes the kernel provide the pages.
 *
 * @module
 */
import {
  type Architecture,
  PAGE_SIZES,
  Relocation,
  RELOCATION_TYPES,
  SEGMENT_FLAGS,
  SEGMENT_TYPES,
} from "../../abi/elf.ts";
import { alignDown, alignUp, viewOf } from "../../abi/layout.ts";
import { fileOffset, readTables, type Tables, writeTables } from "./dynamic.ts";
import type { Program } from "../../elftool/elf_reader.ts";

/** Relocations that a program is to make: each adds its own base to 8 bytes of its memory. */
export interface LateRelocations {
  /** Address of the first page that they are in, and of what follows the last one. */
  readonly start: number;
  readonly end: number;
  /**
   * Words of 8 bytes, as in a section of type `SHT_RELR` (the generic ABI): an even one is the address
   * of a relocation; an odd one has a bit, above its lowest, for each of the 63 places that follow.
   */
  readonly words: BigUint64Array<ArrayBuffer>;
}

/** Places that an odd word has bits for. */
export const PLACES = 63;

/** Size of a word, in bytes. */
export const WORD = 8;

/**
 * Moves the relative relocations of a program from its loader to its entry, if nothing needs them before
 * and the entry can write to their places.
 *
 * @param bytes the program; what the relocations add to is in its place afterwards
 * @returns undefined if the loader still has to make them
 * @throws {RangeError} if the program's tables lie outside the file
 */
export function takeRelocations(
  bytes: Uint8Array<ArrayBuffer>,
  { programs, architecture }: { programs: readonly Program[]; architecture: Architecture },
): LateRelocations | undefined {
  const view = viewOf(bytes);
  const tables = readTables(view, programs);
  if (tables === undefined || tables.RELACOUNT === 0) return undefined;
  if (neededEarly(view, { programs, tables, architecture })) return undefined;
  const relative = readRelocations(view, {
    programs,
    address: tables.RELA,
    count: tables.RELACOUNT,
  });
  const data = programs.filter(({ type, flags }) =>
    type === SEGMENT_TYPES.LOAD && (flags & SEGMENT_FLAGS.WRITE) !== 0
  );
  // Each thread starts with a copy of these, which nothing would relocate.
  const ofThreads = programs.filter(({ type }) => type === SEGMENT_TYPES.TLS);
  const within = (segments: readonly Program[], offset: number) =>
    segments.some((segment) => contains(segment, offset));
  const fits = relative.every(({ type, offset }, index) =>
    type === RELOCATION_TYPES[architecture].RELATIVE && offset % WORD === 0 &&
    (index === 0 || offset > relative[index - 1]!.offset) &&
    within(data, offset) && !within(ofThreads, offset)
  );
  if (!fits) return undefined;
  for (const { offset, addend } of relative) {
    view.setBigUint64(fileOffset(programs, offset), addend, true);
  }
  const size = relative.length * Relocation.size;
  writeTables(view, programs, {
    RELA: tables.RELA + size,
    RELASZ: tables.RELASZ - size,
    RELACOUNT: 0,
  });
  const places = relative.map(({ offset }) => offset);
  return {
    start: alignDown(places[0]!, PAGE_SIZES[architecture]),
    end: alignUp(places.at(-1)! + WORD, PAGE_SIZES[architecture]),
    words: encodePlaces(places),
  };
}

/** Whether the loader runs code of the program, or protects what it has relocated. */
function neededEarly(
  view: DataView,
  { programs, tables, architecture }: {
    programs: readonly Program[];
    tables: Tables;
    architecture: Architecture;
  },
): boolean {
  if (programs.some(({ type }) => type === SEGMENT_TYPES.GNU_RELRO)) return true;
  if (tables.PREINIT_ARRAY !== 0) return true;
  return ([["RELA", "RELASZ"], ["JMPREL", "PLTRELSZ"]] as const).some(([table, size]) => {
    const count = tables[size] / Relocation.size;
    return readRelocations(view, { programs, address: tables[table], count })
      .some(({ type }) => type === RELOCATION_TYPES[architecture].IRELATIVE);
  });
}

function readRelocations(
  view: DataView,
  { programs, address, count }: { programs: readonly Program[]; address: number; count: number },
): ReturnType<typeof Relocation.read>[] {
  if (count === 0) return [];
  const start = fileOffset(programs, address);
  return Array.from(
    { length: count },
    (_, i) => Relocation.read(view, start + i * Relocation.size),
  );
}

/** Whether a word lies in the file, not in the zeros after it. */
function contains({ vaddr, filesz }: Program, address: number): boolean {
  return vaddr <= address && address + WORD <= vaddr + filesz;
}

/**
 * Encodes places.
 *
 * @param places addresses, ascending, multiples of 8
 * @returns as {@linkcode LateRelocations.words}
 */
export function encodePlaces(places: readonly number[]): BigUint64Array<ArrayBuffer> {
  const words: bigint[] = [];
  for (let next = 0; next < places.length;) {
    let from = places[next++]! + WORD;
    words.push(BigInt(from - WORD));
    for (; next < places.length && places[next]! < from + PLACES * WORD; from += PLACES * WORD) {
      let bits = 1n;
      for (; next < places.length && places[next]! < from + PLACES * WORD; next++) {
        bits |= 2n << BigInt((places[next]! - from) / WORD);
      }
      words.push(bits);
    }
  }
  return BigUint64Array.from(words);
}
