/**
 * Adds sections to files of the tests, which have none: symbols, and a line table without meaning.
 *
 * @module
 */
import { ElfHeader, SECTION_TYPES, SectionHeader, Symbol64, SYMBOL_TYPES } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";

const NAMES = "\0solo5_app_main\0counter\0$x\0per_thread\0.debug_line\0";

const { FUNC, OBJECT, NOTYPE, TLS } = SYMBOL_TYPES;
const SYMBOLS = [
  {},
  { name: 1, info: FUNC, shndx: 1, value: 0x10_0010, size: 0x80 },
  { name: 1, info: FUNC, shndx: 1, value: 0x10_0200, size: 0 },
  { name: 16, info: OBJECT, shndx: 1, value: 0x10_2000, size: 8 },
  { name: 16, info: NOTYPE, shndx: 1, value: 0x10_0010 },
  { name: 24, info: NOTYPE, shndx: 1, value: 0x10_0010 },
  { name: 27, info: TLS, shndx: 1, value: 0x10 },
];

/** An ELF file with sections after its content. */
export function withSymbols(file: Uint8Array): Uint8Array {
  const names = new TextEncoder().encode(NAMES);
  const symbols = SYMBOLS.map((symbol) => Symbol64.encode(symbol));
  const offset = file.length + names.length;
  const size = symbols.length * Symbol64.size;
  const sections = [
    {},
    { type: SECTION_TYPES.SYMTAB, offset, size, link: 2, entsize: Symbol64.size },
    { type: SECTION_TYPES.STRTAB, offset: file.length, size: names.length },
    { name: NAMES.indexOf(".debug"), type: SECTION_TYPES.PROGBITS, offset, size },
  ].map((section) => SectionHeader.encode(section));
  const result = new Uint8Array(
    [file, names, ...symbols, ...sections].flatMap((part) => [...part]),
  );
  ElfHeader.write(viewOf(result), 0, {
    shoff: offset + size,
    shnum: sections.length,
    shentsize: SectionHeader.size,
    shstrndx: 2,
  });
  return result;
}
