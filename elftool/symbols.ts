/**
 * The symbols of an ELF file, to name the addresses of a crash.
 *
 * @module
 */
import { SECTION_TYPES, SHN_UNDEF, Symbol64, SYMBOL_TYPES } from "../abi/elf.ts";
import { viewOf } from "../abi/layout.ts";
import { readElf } from "./elf_reader.ts";
import { readSections, sectionData, sectionError, textAt } from "./sections.ts";

/** What a symbol stands for. */
export type SymbolKind = "function" | "object" | "tls" | "other";

/** A named address. */
export interface SymbolEntry {
  /** Where it begins. */
  readonly address: number;
  /** In bytes; 0 where it is not known. */
  readonly size: number;
  /** The name as the compiler wrote it. */
  readonly name: string;
  /** What it names. */
  readonly kind: SymbolKind;
}

const KINDS: Readonly<Record<number, SymbolKind>> = {
  [SYMBOL_TYPES.NOTYPE]: "other",
  [SYMBOL_TYPES.OBJECT]: "object",
  [SYMBOL_TYPES.FUNC]: "function",
  [SYMBOL_TYPES.TLS]: "tls",
};

/**
 * Reads the symbols that are defined in a file, ascending by address; none if it is stripped.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} "elf-header" if it is not an ELF file, "elf-symbols" if its tables are broken
 */
export function readSymbols(
  bytes: Uint8Array,
  options: { name: string } = { name: "file" },
): SymbolEntry[] {
  const elf = readElf(bytes, options);
  const sections = readSections(elf);
  const symtab = sections.find(({ type }) => type === SECTION_TYPES.SYMTAB);
  if (symtab === undefined) return [];
  const strtab = sections[symtab.link];
  if (strtab === undefined) throw sectionError(elf, `symbol names: no section ${symtab.link}`);
  const table = viewOf(sectionData(elf, symtab));
  const names = sectionData(elf, strtab);
  const symbols: SymbolEntry[] = [];
  for (let at = 0; at + Symbol64.size <= table.byteLength; at += Symbol64.size) {
    const { name: nameAt, info, shndx, value, size } = Symbol64.read(table, at);
    const kind = KINDS[info & 15];
    if (kind === undefined || shndx === SHN_UNDEF) continue;
    const name = textAt(names, nameAt);
    // "$x" and the like mark code and data within a section; they name nothing.
    if (name === "" || name.startsWith("$")) continue;
    symbols.push({ address: value, size, name, kind });
  }
  return symbols.sort((a, b) => a.address - b.address || rank(a) - rank(b));
}

/**
 * The last symbol at or before an address, and the distance from the symbol's start, in bytes.
 *
 * @param symbols ascending by address, as {@linkcode readSymbols} gives them
 */
export function nearestSymbol(
  symbols: readonly SymbolEntry[],
  address: number,
): { name: string; offset: number } | undefined {
  let low = 0;
  let high = symbols.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((symbols[middle]?.address ?? Infinity) <= address) low = middle + 1;
    else high = middle;
  }
  for (let index = low - 1; index >= 0; index--) {
    const symbol = symbols[index];
    // The address of a thread-local symbol is an offset, not an address.
    if (symbol === undefined || symbol.kind === "tls") continue;
    return { name: symbol.name, offset: address - symbol.address };
  }
  return undefined;
}

/** Of several symbols at one address the last is chosen: functions come last. */
function rank({ kind, size }: SymbolEntry): number {
  return (kind === "function" ? 2 : 0) + (size > 0 ? 1 : 0);
}
