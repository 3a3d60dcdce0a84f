/**
 * The page tables that a guest starts with, as bytes: identity, what lies below its boot info not
 * present, the boot area read-only, all else writable. Source: spec/solo5-abi.md, section 2, and the
 * Intel SDM, volume 3, "4-level paging".
 *
 * @module
 */
import { LAYOUT, MEMORY_STEP } from "../../abi/hvt.ts";
import { LOWEST_ADDRESS, PAGE_SIZE } from "../../abi/solo5.ts";

/** Bits of an entry. */
export const PTE = { present: 1n, write: 2n, large: 0x80n } as const;

const ENTRY_SIZE = 8;
const ENTRIES = PAGE_SIZE / ENTRY_SIZE;
/** What one page directory maps, in bytes. */
const DIRECTORY_SPAN = ENTRIES * MEMORY_STEP;
const TABLES_END = LAYOUT.pageTable + PAGE_SIZE;

/** The page tables of `memorySize` bytes (a multiple of 2 MiB), to be loaded at `LAYOUT.pml4`. */
export function pageTables(memorySize: number): Uint8Array {
  const tables = new BigUint64Array((TABLES_END - LAYOUT.pml4) / ENTRY_SIZE);
  const put = (table: number, index: number, entry: bigint) => {
    tables[(table - LAYOUT.pml4) / ENTRY_SIZE + index] = entry;
  };
  const link = (table: number) => BigInt(table) | PTE.present | PTE.write;

  put(LAYOUT.pml4, 0, link(LAYOUT.pdpt));
  for (let index = 0; index * DIRECTORY_SPAN < memorySize; index++) {
    put(LAYOUT.pdpt, index, link(LAYOUT.pageDirectories + index * PAGE_SIZE));
  }
  put(LAYOUT.pageDirectories, 0, link(LAYOUT.pageTable));
  // The four directories are neighbours, so the index runs on from one into the next.
  for (let address = MEMORY_STEP; address < memorySize; address += MEMORY_STEP) {
    put(LAYOUT.pageDirectories, address / MEMORY_STEP, link(address) | PTE.large);
  }
  for (let address: number = LAYOUT.bootInfo; address < MEMORY_STEP; address += PAGE_SIZE) {
    const write = address >= LOWEST_ADDRESS ? PTE.write : 0n;
    put(LAYOUT.pageTable, address / PAGE_SIZE, BigInt(address) | PTE.present | write);
  }
  return new Uint8Array(tables.buffer);
}
