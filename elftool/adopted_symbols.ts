/**
 * The symbols and the debugging information of a program, in the unikernel that is made of it: crashes and
 * debuggers name its functions and its lines.
 *
 * @module
 */
import {
  SECTION_FLAGS,
  SECTION_TYPES,
  SectionHeader,
  SEGMENT_TYPES,
  SHN_ABS,
  SHN_LORESERVE,
  SHN_UNDEF,
  Symbol64,
  SYMBOL_TYPES,
} from "../abi/elf.ts";
import { alignUp, viewOf } from "../abi/layout.ts";
import { type ElfFile, type Program, readElf, readPrograms } from "./elf_reader.ts";
import { assemble, type Chunk, elfHeader } from "./elf_writer.ts";
import { readSections, type Section, sectionData, sectionError, textAt } from "./sections.ts";

/** A symbol for what a program does not contain. */
export interface AddedSymbol {
  readonly name: string;
  readonly address: number;
}

/**
 * Appends a program's sections and symbols to a unikernel.
 *
 * @param file the unikernel, without sections
 * @param program the program's file
 * @param options `bias`: what was added to the program's addresses. Debugging information does not say which
 * of its numbers are addresses: it stays only if the bias is 0. `added`: symbols for what else is there
 * @returns the file as it is if the program has no symbols
 * @throws {ElfError} "elf-symbols" if the program's sections are broken
 */
export function withSymbols(
  file: Uint8Array<ArrayBuffer>,
  program: ElfFile,
  { bias, added }: { bias: number; added: readonly AddedSymbol[] },
): Uint8Array<ArrayBuffer> {
  const sections = readSections(program);
  const symtab = sections.findIndex(({ type }) => type === SECTION_TYPES.SYMTAB);
  const names = sections[program.header.shstrndx];
  if (symtab < 0 || names === undefined) return file;
  const { link: strtab } = sections[symtab]!;
  if (sections[strtab] === undefined) {
    throw sectionError(program, `symbol names: no section ${strtab}`);
  }
  const texts = sectionData(program, names, "table of names");
  const unikernel = readElf(file, { name: program.name });
  const loads = readPrograms(unikernel).filter(({ type }) => type === SEGMENT_TYPES.LOAD);
  const symbols = symbolsOf(program, { symtab: sections[symtab]!, strtab: sections[strtab]! });
  const moved = moveSymbols(symbols, { bias, added });

  const chunks: Chunk[] = [];
  let end = alignUp(file.length, SectionHeader.align);
  // Sections of a file do not overlap: what is copied is no more than what there is.
  let left = program.bytes.length;
  const headers = sections.map((section, index): Section => {
    if (section.flags & SECTION_FLAGS.ALLOC) return loaded(section, { loads, bias });
    const isDebug = textAt(texts, section.name).startsWith(".debug");
    if (section.type === SECTION_TYPES.NULL || (bias !== 0 && isDebug)) return NO_SECTION;
    const data = index === symtab
      ? moved.table
      : index === strtab
      ? moved.names
      : sectionData(program, section, "section");
    left -= section.size;
    if (left < 0) throw sectionError(program, "sections overlap");
    const offset = end;
    chunks.push({ offset, data });
    end = alignUp(end + data.length, SectionHeader.align);
    return { ...section, offset, size: data.length };
  });
  const table = headers.map((header, index) => ({
    offset: end + index * SectionHeader.size,
    data: SectionHeader.encode(header),
  }));
  const { entry, phnum, type } = unikernel.header;
  const header = elfHeader({
    type,
    architecture: "x86_64",
    entry,
    phnum,
    shoff: end,
    shnum: headers.length,
    shstrndx: program.header.shstrndx,
  });
  const size = end + headers.length * SectionHeader.size;
  return assemble(size, [
    { offset: 0, data: file },
    { offset: 0, data: header },
    ...chunks,
    ...table,
  ]);
}

const NO_SECTION: Section = {
  name: 0,
  type: SECTION_TYPES.NULL,
  flags: 0,
  addr: 0,
  offset: 0,
  size: 0,
  link: 0,
  info: 0,
  addralign: 0,
  entsize: 0,
};

/** A section that is in memory: its content is that of a segment. */
function loaded(
  section: Section,
  { loads, bias }: { loads: readonly Program[]; bias: number },
): Section {
  const addr = section.addr + bias;
  const segment = loads.find(({ vaddr, filesz }) =>
    vaddr <= addr && addr + section.size <= vaddr + filesz
  );
  if (section.type === SECTION_TYPES.NOBITS || segment === undefined) {
    return { ...section, type: SECTION_TYPES.NOBITS, addr, offset: 0 };
  }
  return { ...section, addr, offset: segment.offset + addr - segment.vaddr };
}

/** A table of symbols, and their names. */
interface Symbols {
  readonly table: Uint8Array;
  readonly names: Uint8Array;
}

function symbolsOf(
  elf: ElfFile,
  { symtab, strtab }: { symtab: Section; strtab: Section },
): Symbols {
  return { table: sectionData(elf, symtab), names: sectionData(elf, strtab) };
}

/** Symbols at the addresses that they have in the unikernel, and others behind them. */
function moveSymbols(
  { table, names }: Symbols,
  { bias, added }: { bias: number; added: readonly AddedSymbol[] },
): Symbols {
  const { info, shndx, value } = Symbol64.offsets;
  const count = Math.floor(table.length / Symbol64.size);
  const size = count * Symbol64.size;
  const moved = new Uint8Array(size + added.length * Symbol64.size);
  moved.set(table.subarray(0, size));
  const view = viewOf(moved);
  for (let at = 0; bias !== 0 && at < size; at += Symbol64.size) {
    const section = view.getUint16(at + shndx, true);
    const isAddress = section !== SHN_UNDEF && section < SHN_LORESERVE &&
      (view.getUint8(at + info) & 15) !== SYMBOL_TYPES.TLS;
    if (!isAddress) continue;
    view.setBigUint64(at + value, view.getBigUint64(at + value, true) + BigInt(bias), true);
  }
  const addedNames = added.map(({ name }) => new TextEncoder().encode(`${name}\0`));
  let name = names.length;
  added.forEach(({ address }, index) => {
    Symbol64.write(view, size + index * Symbol64.size, {
      name,
      info: GLOBAL | SYMBOL_TYPES.FUNC,
      shndx: SHN_ABS,
      value: address,
    });
    name += addedNames[index]!.length;
  });
  const texts = new Uint8Array(name);
  texts.set(names);
  let at = names.length;
  for (const text of addedNames) {
    texts.set(text, at);
    at += text.length;
  }
  return { table: moved, names: texts };
}

/** `STB_GLOBAL` in a symbol's `info`: local ones come first. */
const GLOBAL = 1 << 4;
