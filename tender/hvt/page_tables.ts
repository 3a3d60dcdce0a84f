/**
 * The page tables that a guest starts with, as bytes. They map addresses to themselves: nothing below the
 * boot info, the boot area read-only, all else writable, and only the unikernel's code executable.
 * Source: spec/solo5-abi.md, section 2, and the Intel SDM, volume 3, "4-level paging".
 *
 * @module
 */
import { LAYOUT, MEMORY_STEP } from "../../abi/hvt.ts";
import { LOWEST_ADDRESS, PAGE_SIZE } from "../../abi/solo5.ts";

/** Bits of an entry. */
export const PTE = { present: 1n, write: 2n, large: 0x80n, noExecute: 1n << 63n } as const;

const ENTRY_SIZE = 8;
const ENTRIES = PAGE_SIZE / ENTRY_SIZE;
/** What one page directory maps, in bytes. */
const DIRECTORY_SPAN = ENTRIES * MEMORY_STEP;
/** Where tables go that divide 2 MiB further; there is room up to the boot info. */
const SPARE_TABLES = LAYOUT.pageTable + PAGE_SIZE;

/** A range of addresses, page-aligned. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Options of a guest's page tables. */
export interface PageTableOptions {
  /** The ranges that may be executed; all of memory if not given, for CPUs without no-execute. */
  readonly executable?: readonly Range[];
}

/** The page tables of `memorySize` bytes (a multiple of 2 MiB), to be loaded at `LAYOUT.pml4`. */
export function pageTables(
  memorySize: number,
  { executable }: PageTableOptions = {},
): Uint8Array<ArrayBuffer> {
  const tables = new BigUint64Array((LAYOUT.bootInfo - LAYOUT.pml4) / ENTRY_SIZE);
  let free: number = SPARE_TABLES;
  const put = (table: number, index: number, entry: bigint) => {
    tables[(table - LAYOUT.pml4) / ENTRY_SIZE + index] = entry;
  };
  const link = (table: number) => BigInt(table) | PTE.present | PTE.write;
  const leaf = (address: number, write: boolean, range: Range) =>
    BigInt(address) | PTE.present | (write ? PTE.write : 0n) |
    (covers(range, executable) === "none" ? PTE.noExecute : 0n);

  put(LAYOUT.pml4, 0, link(LAYOUT.pdpt));
  for (let index = 0; index * DIRECTORY_SPAN < memorySize; index++) {
    put(LAYOUT.pdpt, index, link(LAYOUT.pageDirectories + index * PAGE_SIZE));
  }
  const divide = (table: number, from: number, to: number) => {
    for (let address = from; address < to; address += PAGE_SIZE) {
      const range = { start: address, end: address + PAGE_SIZE };
      const index = address / PAGE_SIZE % ENTRIES;
      put(table, index, leaf(address, address >= LOWEST_ADDRESS, range));
    }
  };
  put(LAYOUT.pageDirectories, 0, link(LAYOUT.pageTable));
  divide(LAYOUT.pageTable, LAYOUT.bootInfo, MEMORY_STEP);
  // The four directories are neighbours, so the index runs on from one into the next.
  for (let address = MEMORY_STEP; address < memorySize; address += MEMORY_STEP) {
    const range = { start: address, end: address + MEMORY_STEP };
    const index = address / MEMORY_STEP;
    // With no table left, all of these 2 MiB can be executed: no image of one text is so scattered.
    if (covers(range, executable) === "part" && free < LAYOUT.bootInfo) {
      put(LAYOUT.pageDirectories, index, link(free));
      divide(free, address, address + MEMORY_STEP);
      free += PAGE_SIZE;
    } else {
      put(LAYOUT.pageDirectories, index, leaf(address, true, range) | PTE.large);
    }
  }
  return new Uint8Array(tables.buffer, 0, free - LAYOUT.pml4);
}

/** How much of a range the others cover. */
function covers(range: Range, others: readonly Range[] | undefined): "none" | "part" | "all" {
  if (others === undefined) return "all";
  let part = false;
  for (const { start, end } of others) {
    if (start <= range.start && range.end <= end) return "all";
    part ||= start < range.end && range.start < end;
  }
  return part ? "part" : "none";
}
