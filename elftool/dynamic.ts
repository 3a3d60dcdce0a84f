/**
 * What a dynamically linked executable asks of its loader.
 *
 * @module
 */
import {
  Dynamic,
  DYNAMIC_TAGS,
  R_X86_64_GLOB_DAT,
  Relocation,
  SEGMENT_TYPES,
  Symbol64,
} from "../abi/elf.ts";
import { cString } from "../abi/layout.ts";
import type { ElfFile, Program } from "./elf_reader.ts";
import { ElfError } from "./error.ts";

/** The tables of an executable: addresses and sizes by tag. */
type Tables = Readonly<Record<keyof typeof DYNAMIC_TAGS, number>>;

/**
 * Finds where an executable for x86_64 has the loader put the address of a symbol.
 *
 * @returns the address of those 8 bytes, or nothing where it does not use the symbol
 * @throws {ElfError} "elf-symbols" if its tables lie outside the file
 */
export function findSymbolSlot(
  elf: ElfFile,
  programs: readonly Program[],
  symbol: string,
): number | undefined {
  try {
    return searchRelocations(elf, programs, symbol);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ElfError("elf-symbols", `${elf.name}: the dynamic section leads outside the file`);
  }
}

function searchRelocations(
  { bytes, view }: ElfFile,
  programs: readonly Program[],
  symbol: string,
): number | undefined {
  const dynamic = programs.find(({ type }) => type === SEGMENT_TYPES.DYNAMIC);
  if (dynamic === undefined) return undefined;
  const tables = readTables(view, dynamic);
  const relocations = fileOffset(programs, tables.RELA);
  const symbols = fileOffset(programs, tables.SYMTAB);
  const strings = fileOffset(programs, tables.STRTAB);
  // Relative ones, which name no symbol, come first, and are most of them.
  for (let at = tables.RELACOUNT * Relocation.size; at < tables.RELASZ; at += Relocation.size) {
    const relocation = Relocation.read(view, relocations + at);
    if (relocation.type !== R_X86_64_GLOB_DAT) continue;
    const { name } = Symbol64.read(view, symbols + relocation.symbol * Symbol64.size);
    const text = bytes.subarray(strings + name, strings + name + symbol.length + 1);
    if (text.length > symbol.length && cString(text) === symbol) return relocation.offset;
  }
  return undefined;
}

function readTables(view: DataView, { offset, filesz }: Program): Tables {
  const tables = { STRTAB: 0, SYMTAB: 0, RELA: 0, RELASZ: 0, RELACOUNT: 0 };
  const names = Object.keys(DYNAMIC_TAGS) as (keyof Tables)[];
  for (let at = offset; at < offset + filesz; at += Dynamic.size) {
    const { tag, value } = Dynamic.read(view, at);
    const name = names.find((candidate) => DYNAMIC_TAGS[candidate] === tag);
    if (name !== undefined) tables[name] = value;
  }
  return tables;
}

/** Where in the file an address comes from. */
function fileOffset(programs: readonly Program[], address: number): number {
  const load = programs.find(({ type, vaddr, filesz }) =>
    type === SEGMENT_TYPES.LOAD && vaddr <= address && address < vaddr + filesz
  );
  if (load === undefined) throw new RangeError(`${address} is not in the file`);
  return load.offset + address - load.vaddr;
}
