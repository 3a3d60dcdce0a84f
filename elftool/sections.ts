/**
 * The sections of an ELF file: what linkers and debuggers know it by. An executable may have none.
 *
 * @module
 */
import { SECTION_FLAGS, SectionHeader } from "../abi/elf.ts";
import { cString } from "../abi/layout.ts";
import type { ElfFile } from "./elf_reader.ts";
import { ElfError } from "./error.ts";

/** A section's header. */
export type Section = ReturnType<typeof SectionHeader.read>;

/** Names longer than this are cut: no real one is, and a broken table must not cost quadratic time. */
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
 * @param what it is called in a message
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
 * The content of sections by their names; nothing of one that the file lacks, or has compressed.
 *
 * @throws {ElfError} "elf-symbols" if their table is broken, or one lies outside the file
 */
export function contentOf(elf: ElfFile, names: readonly string[]): Uint8Array[] {
  const sections = readSections(elf);
  const table = sections[elf.header.shstrndx];
  const texts = table === undefined ? NOTHING : sectionData(elf, table, "table of names");
  return names.map((wanted) => {
    const bytes = new TextEncoder().encode(`${wanted}\0`);
    const section = sections.find(({ name }) =>
      bytes.every((byte, index) => texts[name + index] === byte)
    );
    if (section === undefined || section.flags & SECTION_FLAGS.COMPRESSED) return NOTHING;
    return sectionData(elf, section, wanted);
  });
}

const NOTHING = new Uint8Array();

/** The text at an offset of a table of texts. */
export function textAt(texts: Uint8Array, at: number): string {
  return cString(texts.subarray(at, at + NAME_MAX));
}

/** An error about what sections hold. */
export function sectionError(elf: ElfFile, rule: string): ElfError {
  return new ElfError("elf-symbols", `${elf.name}: symbols: ${rule}`);
}
