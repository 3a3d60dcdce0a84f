/**
 * Finds the source lines of addresses in a file's debugging information.
 *
 * @module
 */
import { DwarfReader } from "./dwarf_reader.ts";
import { readElf } from "./elf_reader.ts";
import { fileOf, type LineTexts } from "./line_files.ts";
import { findLines, type Line, lineUnits } from "./line_program.ts";
import { printable } from "./printable.ts";
import { contentOf } from "./sections.ts";

/** A line of source. */
export interface SourceLine {
  /** The path as the compiler was given it. */
  readonly file: string;
  /** The line's number, from 1. */
  readonly line: number;
}

/**
 * Looks addresses up; returns each as `file.c:12`.
 *
 * @throws {ElfError} as {@linkcode sourcePlaces} does
 */
export function sourceLines(
  bytes: Uint8Array,
  addresses: readonly number[],
  options: { name: string },
): (string | undefined)[] {
  return sourcePlaces(bytes, addresses, options)
    .map((place) => place && `${place.file}:${place.line}`);
}

/**
 * Looks addresses up.
 *
 * @param options `name`: the file's name, for messages
 * @returns the line of each; undefined where the file does not say
 * @throws {ElfError} "elf-header" if it is not an ELF file, "elf-symbols" if what it says is broken
 */
export function sourcePlaces(
  bytes: Uint8Array,
  addresses: readonly number[],
  options: { name: string },
): (SourceLine | undefined)[] {
  const elf = readElf(bytes, options);
  const [line, lineStr, str] = contentOf(elf, [".debug_line", ".debug_line_str", ".debug_str"]);
  const texts: LineTexts = { line: line!, lineStr: lineStr!, str: str! };
  const found = new Map(addresses.map((address) => [address, undefined as Line | undefined]));
  for (const unit of lineUnits(new DwarfReader(texts.line, options))) findLines(unit, found);
  return addresses.map((address) => {
    const known = found.get(address);
    // Line 0 marks code that comes from no line.
    const path = known === undefined || known.line < 1 ? undefined : fileOf(known, texts);
    return path === undefined ? undefined : { file: printable(path), line: known!.line };
  });
}
