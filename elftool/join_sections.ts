/**
 * The sections and symbols of a portable unikernel with bindings under it, so that debuggers know both.
 *
 * @module
 */
import {
  SECTION_FLAGS,
  SECTION_TYPES,
  SectionHeader,
  SEGMENT_FLAGS,
  SEGMENT_TYPES,
  SHN_LORESERVE,
  Symbol64,
  SYMBOL_TYPES,
} from "../abi/elf.ts";
import { alignUp, viewOf } from "../abi/layout.ts";
import { WINDOW } from "../abi/portable.ts";
import type { ElfFile, Program } from "./elf_reader.ts";
import type { Chunk, HeaderFields } from "./elf_writer.ts";
import { readSections, type Section, sectionData, sectionError } from "./sections.ts";

/** What a linked file gets behind all else. */
export interface JoinedSections {
  /** What to write into the file. */
  readonly chunks: readonly Chunk[];
  /** Size of the file in bytes. */
  readonly end: number;
  /** Fields of the file's header. */
  readonly fields: Partial<HeaderFields>;
}

/**
 * Makes one table of sections: those of the portable file, whose content lies `base` bytes further on in
 * the new file, and one for each of the bindings' segments. The symbols are those of both. A file that has
 * no symbols gets no sections.
 *
 * @param options `image`: the bindings' file; `programs`: the program headers of the new file
 * @throws {ElfError} "elf-symbols" if the sections of either are broken
 */
export function joinSections(
  elf: ElfFile,
  { base, image, programs }: { base: number; image: ElfFile; programs: readonly Program[] },
): JoinedSections {
  const old = readSections(elf);
  const { shstrndx } = elf.header;
  const names = old[shstrndx];
  const symtab = old.findIndex(({ type }) => type === SECTION_TYPES.SYMTAB);
  const bindings = programs.filter(({ type, vaddr }) =>
    type === SEGMENT_TYPES.LOAD && vaddr < WINDOW.end
  );
  const shnum = old.length + bindings.length;
  if (names === undefined || symtab < 0 || shnum >= SHN_LORESERVE) {
    return { chunks: [], end: base + elf.bytes.length, fields: {} };
  }
  const table = new Uint8Array(shnum * SectionHeader.size);
  const view = viewOf(table);
  const { shoff } = elf.header;
  table.set(elf.bytes.subarray(shoff, shoff + old.length * SectionHeader.size));
  const change = (index: number, fields: Partial<Section>) =>
    SectionHeader.write(view, index * SectionHeader.size, fields);
  old.forEach(({ offset }, index) => change(index, { offset: base + offset }));

  const chunks: Chunk[] = [];
  let end = alignUp(base + elf.bytes.length, SectionHeader.align);
  const replace = (index: number, data: Uint8Array) => {
    change(index, { offset: end, size: data.length });
    chunks.push({ offset: end, data });
    end = alignUp(end + data.length, SectionHeader.align);
  };
  const { link: strtab, info } = old[symtab]!;
  const symbols = joinSymbols(
    { elf, symtab: old[symtab]!, strtab: old[strtab] },
    { image, bindings, first: old.length },
  );
  replace(symtab, symbols.table);
  change(symtab, { info: info + symbols.added });
  replace(strtab, symbols.names);
  // Some assemblers keep all names in one table.
  const known = shstrndx === strtab ? symbols.names : sectionData(elf, names, "table of names");
  replace(shstrndx, concatenate([known, BINDINGS_NAME]));
  bindings.forEach((program, index) =>
    change(old.length + index, bindingsSection(program, known.length))
  );
  const fields = { shoff: end, shnum, shstrndx };
  return { chunks: [...chunks, { offset: end, data: table }], end: end + table.length, fields };
}

/** The name of the sections that are the bindings' segments. */
const BINDINGS_NAME = new TextEncoder().encode(".solo5.bindings\0");

function bindingsSection({ flags, vaddr, offset, filesz, memsz }: Program, name: number): Section {
  return {
    name,
    type: filesz === 0 ? SECTION_TYPES.NOBITS : SECTION_TYPES.PROGBITS,
    flags: SECTION_FLAGS.ALLOC |
      (flags & SEGMENT_FLAGS.WRITE ? SECTION_FLAGS.WRITE : 0) |
      (flags & SEGMENT_FLAGS.EXECUTE ? SECTION_FLAGS.EXECUTE : 0),
    addr: vaddr,
    offset,
    size: filesz || memsz,
    link: 0,
    info: 0,
    addralign: 1,
    entsize: 0,
  };
}

interface Symbols {
  readonly table: Uint8Array;
  readonly names: Uint8Array;
  /** How many are the bindings'. */
  readonly added: number;
}

/**
 * The bindings' functions and objects, as local symbols, which come first, and then the unikernel's symbols.
 *
 * @param options `first`: the number of the section that is the first of the bindings' segments
 */
function joinSymbols(
  { elf, symtab, strtab }: { elf: ElfFile; symtab: Section; strtab?: Section },
  { image, bindings, first }: { image: ElfFile; bindings: readonly Program[]; first: number },
): Symbols {
  if (strtab === undefined) throw sectionError(elf, `symbol names: no section ${symtab.link}`);
  const names = sectionData(elf, strtab);
  const sections = readSections(image);
  const imageTable = sections.find(({ type }) => type === SECTION_TYPES.SYMTAB);
  const old = sectionData(elf, symtab);
  if (imageTable === undefined) return { table: old, names, added: 0 };

  const table = sectionData(image, imageTable).slice();
  const view = viewOf(table);
  const { name, info, shndx, value } = Symbol64.offsets;
  let end = Symbol64.size;
  // Plain reads and writes: a link takes a tenth of a millisecond.
  for (let at = end; at + Symbol64.size <= table.length; at += Symbol64.size) {
    const type = view.getUint8(at + info) & 15;
    if (type !== SYMBOL_TYPES.FUNC && type !== SYMBOL_TYPES.OBJECT) continue;
    const address = Number(view.getBigUint64(at + value, true));
    const segment = bindings.findIndex(({ vaddr, memsz }) =>
      address >= vaddr && address < vaddr + memsz
    );
    if (segment < 0) continue;
    table.copyWithin(end, at, at + Symbol64.size);
    view.setUint32(end + name, view.getUint32(end + name, true) + names.length, true);
    view.setUint8(end + info, type);
    view.setUint16(end + shndx, first + segment, true);
    end += Symbol64.size;
  }
  return {
    table: concatenate([table.subarray(0, end), old.subarray(Symbol64.size)]),
    names: concatenate([names, sectionData(image, sections[imageTable.link]!)]),
    added: end / Symbol64.size - 1,
  };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
