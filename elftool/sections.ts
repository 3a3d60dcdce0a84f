/**
 * The sections of an ELF file, which linkers and debuggers use. An executable may have none.
 *
 * @module
 */
import { SECTION_FLAGS, SectionHeader } from "../abi/elf.ts";
import { cString } from "../abi/layout.ts";
import type { ElfFile } from "./elf_reader.ts";
import { ElfError } from "./error.ts";

/** A section's header. */
export type Section = ReturnType<typeof SectionHeader.read>;

/** Longer names are cut: no real name is so long, and a broken table must not cost quadratic time. */
const NAME_MAX = 4096;

/**
 * Reads the headers of a file's sections; none if it has none.
 *
 * @throws {ElfError} "elf-symbols" if their table is broken
 */
export function readSections(elf: ElfFile): Section[] {
  const { shoff, shnum, shentsize } = elf.header;
  if (shnum === 0) return [];
  if (shentsize !== SectionHeader.size) {
    throw sectionError(elf, `e_shentsize is ${shentsize}, must be ${SectionHeader.size}`);
  }
  if (shoff + shnum * shentsize > elf.bytes.length) {
    throw sectionError(elf, "section headers lie outside the file");
  }
  return Array.from(
    { length: shnum },
    (_, index) => SectionHeader.read(elf.view, shoff + index * shentsize),
  );
}

/**
 * The content of a section.
 *
 * @param what its name in messages
 * @throws {ElfError} "elf-symbols" if it lies outside the file
 */
export function sectionData(
  elf: ElfFile,
  { offset, size }: Section,
  what = "symbol table",
): Uint8Array {
  if (offset + size > elf.bytes.length) throw sectionError(elf, `${what} lies outside the file`);
  return elf.bytes.subarray(offset, offset + size);
}

/**
 * The content of sections by their names; empty for one that the file lacks or that is compressed.
 *
 * @throws {ElfError} "elf-symbols" if their table is broken, or one lies outside the file
 */
export function contentOf(elf: ElfFile, names: readonly string[]): Uint8Array[] {
  return findSections(elf, names).map((section, index) => {
    if (section === undefined || section.flags & SECTION_FLAGS.COMPRESSED) return NOTHING;
    return sectionData(elf, section, names[index]);
  });
}

/**
 * Sections by their names; undefined for one that the file lacks.
 *
 * @throws {ElfError} "elf-symbols" if their table is broken
 */
export function findSections(elf: ElfFile, names: readonly string[]): (Section | undefined)[] {
  const sections = readSections(elf);
  const table = sections[elf.header.shstrndx];
  const texts = table === undefined ? NOTHING : sectionData(elf, table, "table of names");
  return names.map((wanted) => {
    const bytes = new TextEncoder().encode(`${wanted}\0`);
    return sections.find(({ name }) => bytes.every((byte, index) => texts[name + index] === byte));
  });
}

const NOTHING = new Uint8Array();

/** The string at an offset of a string table. */
export function textAt(texts: Uint8Array, at: number): string {
  return cString(texts.subarray(at, at + NAME_MAX));
}

/** An error about what sections hold. */
export function sectionError(elf: ElfFile, rule: string): ElfError {
  return new ElfError("elf-symbols", `${elf.name}: symbols: ${rule}`);
}
