/**
 * ELF object files (`ET_REL`) of plain data: sections and symbols, no relocations.
 *
 * @module
 */
import {
  type Architecture,
  ELF_TYPES,
  ElfHeader,
  SECTION_TYPES,
  SectionHeader,
  Symbol64,
  SYMBOL_BINDINGS,
  SYMBOL_TYPES,
} from "../abi/elf.ts";
import { alignUp } from "../abi/layout.ts";
import { assemble, elfHeader } from "./elf_writer.ts";

/** A section to write. */
export interface RelocatableSection {
  readonly name: string;
  /** `sh_type`. */
  readonly type: number;
  /** `sh_flags`. */
  readonly flags: number;
  /** A power of two, in bytes. */
  readonly align: number;
  readonly data: Uint8Array;
}

/** A global data symbol to write. */
export interface RelocatableSymbol {
  readonly name: string;
  /** The name of the section that it lies in. */
  readonly section: string;
  /** Its offset in the section, in bytes. */
  readonly value: number;
  /** In bytes. */
  readonly size: number;
}

/** The parts of an object file. */
export interface Relocatable {
  readonly architecture: Architecture;
  readonly sections: readonly RelocatableSection[];
  readonly symbols: readonly RelocatableSymbol[];
}

/** A section with the header fields that only tables need. */
interface Section extends RelocatableSection {
  readonly link?: number;
  readonly info?: number;
  readonly entsize?: number;
}

/** Writes an object file, marked, as compilers do, as needing no executable stack. */
export function writeRelocatable(object: Relocatable): Uint8Array<ArrayBuffer> {
  const { architecture, symbols } = object;
  const sections: Section[] = [...object.sections, GNU_STACK];
  // Section 0 is the null section; after the given ones come the three tables.
  const strtab = sections.length + 2;
  const symbolNames = stringTable(symbols.map(({ name }) => name));
  sections.push(
    {
      ...table(".symtab", SECTION_TYPES.SYMTAB, encodeSymbols(object, symbolNames.offsets)),
      align: 8,
      link: strtab,
      info: 1, // The first symbol that is not local: all but the null symbol.
      entsize: Symbol64.size,
    },
    table(".strtab", SECTION_TYPES.STRTAB, symbolNames.data),
  );
  const sectionNames = stringTable([...sections.map(({ name }) => name), ".shstrtab"]);
  sections.push(table(".shstrtab", SECTION_TYPES.STRTAB, sectionNames.data));

  const headers = [SectionHeader.encode({})];
  const chunks = [];
  let end = ElfHeader.size;
  for (const [index, { name: _, flags, align, data, ...rest }] of sections.entries()) {
    const offset = alignUp(end, align);
    const name = sectionNames.offsets[index] ?? 0;
    const size = data.length;
    headers.push(SectionHeader.encode({ ...rest, name, flags, offset, size, addralign: align }));
    chunks.push({ offset, data });
    end = offset + size;
  }
  const shoff = alignUp(end, SectionHeader.align);
  const shnum = headers.length;
  headers.forEach((data, index) =>
    chunks.push({ offset: shoff + index * SectionHeader.size, data })
  );
  const header = elfHeader({
    type: ELF_TYPES.REL,
    architecture,
    shoff,
    shnum,
    shstrndx: shnum - 1,
  });
  return assemble(shoff + shnum * SectionHeader.size, [{ offset: 0, data: header }, ...chunks]);
}

const GNU_STACK: RelocatableSection = {
  name: ".note.GNU-stack",
  type: SECTION_TYPES.PROGBITS,
  flags: 0,
  align: 1,
  data: new Uint8Array(),
};

function table(name: string, type: number, data: Uint8Array): RelocatableSection {
  return { name, type, flags: 0, align: 1, data };
}

/** The symbol table: the null symbol, then the given ones. */
function encodeSymbols(object: Relocatable, names: readonly number[]): Uint8Array {
  const { sections, symbols } = object;
  const encoded = symbols.map(({ section, value, size }, index) =>
    Symbol64.encode({
      name: names[index] ?? 0,
      info: SYMBOL_BINDINGS.GLOBAL * 16 + SYMBOL_TYPES.OBJECT,
      shndx: sections.findIndex(({ name }) => name === section) + 1,
      value,
      size,
    })
  );
  const chunks = encoded.map((data, index) => ({ offset: (index + 1) * Symbol64.size, data }));
  return assemble((encoded.length + 1) * Symbol64.size, chunks);
}

/** A string table, and where each string begins in it. */
function stringTable(strings: readonly string[]): { data: Uint8Array; offsets: number[] } {
  let text = "\0";
  const offsets = strings.map((string) => {
    const offset = text.length;
    text += `${string}\0`;
    return offset;
  });
  return { data: new TextEncoder().encode(text), offsets };
}
