/**
 * The dynamic section of an executable, and the tables that it refers to.
 *
 * @module
 */
import {
  Dynamic,
  DYNAMIC_TAGS,
  Relocation,
  RELOCATION_TYPES,
  SEGMENT_TYPES,
  Symbol64,
} from "../../abi/elf.ts";
import { cString, nameOf } from "../../abi/layout.ts";
import type { ElfFile, Program } from "../../elftool/elf_reader.ts";
import { ElfError } from "../../elftool/error.ts";

/** The tables of an executable: addresses, sizes and counts by tag; 0 where there is none. */
export type Tables = Readonly<Record<keyof typeof DYNAMIC_TAGS, number>>;

/**
 * Finds where the loader stores the address of a symbol in an executable.
 *
 * @returns the address of those 8 bytes; undefined if the executable does not use the symbol
 * @throws {ElfError} "elf-symbols" if its tables lie outside the file
 */
export function findSymbolSlot(
  elf: ElfFile,
  programs: readonly Program[],
  symbol: string,
): number | undefined {
  return withTables(elf.name, () => searchRelocations(elf, programs, symbol));
}

/**
 * Calls a function with the tables that a dynamic section refers to.
 *
 * @param name the file's name
 * @throws {ElfError} "elf-symbols" if they lie outside the file
 */
export function withTables<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ElfError("elf-symbols", `${name}: the dynamic section leads outside the file`);
  }
}

function searchRelocations(
  { bytes, view, architecture }: ElfFile,
  programs: readonly Program[],
  symbol: string,
): number | undefined {
  const tables = readTables(view, programs);
  if (tables === undefined) return undefined;
  const relocations = fileOffset(programs, tables.RELA);
  const symbols = fileOffset(programs, tables.SYMTAB);
  const strings = fileOffset(programs, tables.STRTAB);
  // Relative relocations, which name no symbol, come first; most are of that type.
  for (let at = tables.RELACOUNT * Relocation.size; at < tables.RELASZ; at += Relocation.size) {
    const relocation = Relocation.read(view, relocations + at);
    if (relocation.type !== RELOCATION_TYPES[architecture].GLOB_DAT) continue;
    const { name } = Symbol64.read(view, symbols + relocation.symbol * Symbol64.size);
    const text = bytes.subarray(strings + name, strings + name + symbol.length + 1);
    if (text.length > symbol.length && cString(text) === symbol) return relocation.offset;
  }
  return undefined;
}

/**
 * Reads the dynamic section; undefined without one.
 *
 * @throws {RangeError} if it lies outside the file
 */
export function readTables(view: DataView, programs: readonly Program[]): Tables | undefined {
  const dynamic = programs.find(({ type }) => type === SEGMENT_TYPES.DYNAMIC);
  if (dynamic === undefined) return undefined;
  const { offset, filesz } = dynamic;
  const names = Object.keys(DYNAMIC_TAGS) as (keyof Tables)[];
  const tables = Object.fromEntries(names.map((name) => [name, 0])) as Record<keyof Tables, number>;
  for (let at = offset; at < offset + filesz; at += Dynamic.size) {
    const { tag, value } = Dynamic.read(view, at);
    const name = nameOf(DYNAMIC_TAGS, tag);
    if (name !== undefined) tables[name] = value;
  }
  return tables;
}

/** Replaces values of the dynamic section. */
export function writeTables(
  view: DataView,
  programs: readonly Program[],
  values: Partial<Tables>,
): void {
  const { offset, filesz } = programs.find(({ type }) => type === SEGMENT_TYPES.DYNAMIC)!;
  for (let at = offset; at < offset + filesz; at += Dynamic.size) {
    const { tag } = Dynamic.read(view, at);
    for (const [name, value] of Object.entries(values)) {
      if (DYNAMIC_TAGS[name as keyof Tables] === tag) Dynamic.write(view, at, { value });
    }
  }
}

/**
 * The offset in the file of the byte that is loaded at an address.
 *
 * @throws {RangeError} if none is
 */
export function fileOffset(programs: readonly Program[], address: number): number {
  const load = programs.find(({ type, vaddr, filesz }) =>
    type === SEGMENT_TYPES.LOAD && vaddr <= address && address < vaddr + filesz
  );
  if (load === undefined) throw new RangeError(`${address} is not in the file`);
  return load.offset + address - load.vaddr;
}
