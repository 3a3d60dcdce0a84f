/**
 * The page tables that a guest starts with, as bytes. They map addresses to themselves: nothing below the
 * boot info, the boot area read-only, all else writable, and only the unikernel's code executable.
 * Source: spec/solo5-abi.md, section 2, and the Intel SDM, volume 3, "4-level paging".
 *
 * @module
 */
import { LAYOUT, MEMORY_STEP } from "../../abi/hvt.ts";
import { LOWEST_ADDRESS, PAGE_SIZE } from "../../abi/solo5.ts";

/** Bits of an entry's lower half, where its address is, too: memory ends at 4 GiB. */
const PTE = { present: 1, write: 2, large: 0x80 };
/** The bit of its upper half. */
const NO_EXECUTE = 0x8000_0000;

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
  // An entry is two halves. 64-bit integers would be bigints, which cost a start 1 ms.
  const halves = new Uint32Array((LAYOUT.bootInfo - LAYOUT.pml4) / 4);
  let free: number = SPARE_TABLES;
  const put = (table: number, index: number, flagged: number, upper = 0) => {
    const at = (table - LAYOUT.pml4) / 4 + 2 * index;
    halves[at] = flagged;
    halves[at + 1] = upper;
  };
  const link = (table: number, index: number, to: number) =>
    put(table, index, to + PTE.present + PTE.write);
  const leaf = (table: number, index: number, start: number, flags: number, covered: Covered) =>
    put(table, index, start + PTE.present + flags, covered === "none" ? NO_EXECUTE : 0);

  link(LAYOUT.pml4, 0, LAYOUT.pdpt);
  for (let index = 0; index * DIRECTORY_SPAN < memorySize; index++) {
    link(LAYOUT.pdpt, index, LAYOUT.pageDirectories + index * PAGE_SIZE);
  }
  const divide = (table: number, from: number, to: number) => {
    for (let start = from; start < to; start += PAGE_SIZE) {
      const flags = start >= LOWEST_ADDRESS ? PTE.write : 0;
      const index = start / PAGE_SIZE % ENTRIES;
      leaf(table, index, start, flags, covered(start, start + PAGE_SIZE, executable));
    }
  };
  link(LAYOUT.pageDirectories, 0, LAYOUT.pageTable);
  divide(LAYOUT.pageTable, LAYOUT.bootInfo, MEMORY_STEP);
  // The four directories are neighbours, so the index runs on from one into the next.
  for (let start = MEMORY_STEP; start < memorySize; start += MEMORY_STEP) {
    const how = covered(start, start + MEMORY_STEP, executable);
    const index = start / MEMORY_STEP;
    // With no table left, all of these 2 MiB can be executed: no image of one text is so scattered.
    if (how === "part" && free < LAYOUT.bootInfo) {
      link(LAYOUT.pageDirectories, index, free);
      divide(free, start, start + MEMORY_STEP);
      free += PAGE_SIZE;
    } else {
      leaf(LAYOUT.pageDirectories, index, start, PTE.write + PTE.large, how);
    }
  }
  return new Uint8Array(halves.buffer, 0, free - LAYOUT.pml4);
}

type Covered = "none" | "part" | "all";

/** How much of `[from, to)` the ranges cover. */
function covered(from: number, to: number, ranges: readonly Range[] | undefined): Covered {
  if (ranges === undefined) return "all";
  let part = false;
  for (const { start, end } of ranges) {
    if (start <= from && to <= end) return "all";
    part ||= start < to && from < end;
  }
  return part ? "part" : "none";
}
