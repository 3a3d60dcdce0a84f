/**
 * Addresses of a unikernel by name: the function or object that they lie in.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../abi/elf.ts";
import { hex, readElf, readPrograms } from "./elf_reader.ts";
import { printable } from "./printable.ts";
import { nearestSymbol, readSymbols, type SymbolEntry } from "./symbols.ts";

/** Names for the addresses of a file. */
export interface Locator {
  /** The symbol that an address lies in, and its distance from there; as {@linkcode name}. */
  symbol(address: number): { readonly name: string; readonly offset: number } | undefined;
  /** `solo5_app_main+0x1c`; undefined where the file has no symbol for it. */
  name(address: number): string | undefined;
  /** The start of the last function at or before an address. */
  functionStart(address: number): number | undefined;
}

/**
 * Reads the names that a file has for its addresses.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} if it is not an executable, or its tables are broken
 */
export function readLocator(bytes: Uint8Array, options: { name: string }): Locator {
  const elf = readElf(bytes, options);
  const loaded = readPrograms(elf).filter(({ type }) => type === SEGMENT_TYPES.LOAD);
  const symbols = readSymbols(bytes, options);
  const functions = symbols.filter(({ kind }) => kind === "function");
  const symbol = (address: number) => {
    const inside = loaded.some(({ vaddr, memsz }) => address >= vaddr && address < vaddr + memsz);
    return inside ? symbolOf(symbols, address) : undefined;
  };
  return {
    symbol,
    name: (address) => {
      const { name, offset } = symbol(address) ?? {};
      return offset ? `${name}+${hex(offset)}` : name;
    },
    functionStart: (address) => {
      const symbol = nearestSymbol(functions, address);
      return symbol === undefined ? undefined : address - symbol.offset;
    },
  };
}

function symbolOf(symbols: readonly SymbolEntry[], address: number) {
  const symbol = nearestSymbol(symbols, address);
  return symbol && { name: printable(symbol.name), offset: symbol.offset };
}
