/**
 * Addresses of a unikernel by name: the function or object that they lie in.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../abi/elf.ts";
import { hex, readElf, readPrograms } from "./elf_reader.ts";
import { printable } from "./printable.ts";
import { nearestSymbol, readSymbols, type SymbolEntry } from "./symbols.ts";

/** The names of a file's addresses. */
export interface Locator {
  /** `solo5_app_main+0x1c`; undefined where the file has nothing, or no name. */
  name(address: number): string | undefined;
  /** Where the function begins that an address lies in, or would if it were longer. */
  functionStart(address: number): number | undefined;
}

/**
 * Reads what names a file has for its addresses.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} if it is no executable, or its tables are broken
 */
export function readLocator(bytes: Uint8Array, options: { name: string }): Locator {
  const elf = readElf(bytes, options);
  const loaded = readPrograms(elf).filter(({ type }) => type === SEGMENT_TYPES.LOAD);
  const symbols = readSymbols(bytes, options);
  const functions = symbols.filter(({ kind }) => kind === "function");
  return {
    name: (address) => {
      const inside = loaded.some(({ vaddr, memsz }) => address >= vaddr && address < vaddr + memsz);
      return inside ? nameOf(symbols, address) : undefined;
    },
    functionStart: (address) => {
      const symbol = nearestSymbol(functions, address);
      return symbol === undefined ? undefined : address - symbol.offset;
    },
  };
}

function nameOf(symbols: readonly SymbolEntry[], address: number): string | undefined {
  const symbol = nearestSymbol(symbols, address);
  if (symbol === undefined) return undefined;
  const name = printable(symbol.name);
  return symbol.offset === 0 ? name : `${name}+${hex(symbol.offset)}`;
}
