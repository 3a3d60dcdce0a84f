/**
 * What a mapping holds, for whoever keeps guest memory: also where its guest may not read, and without
 * the pages that nobody touched.
 *
 * A shared mapping is read through its file. The pages of a private one that were written are in no
 * file, so it is read where it is mapped, and closed ranges are opened meanwhile. `/proc/self/mem` would
 * read through a closed range too, but not on every kernel (`proc_mem.force_override`), and a tender
 * that is confined would have to keep it open.
 *
 * @module
 */
import { openDescriptor } from "./descriptor.ts";
import { closeDescriptor, ERRNO, SystemError } from "./libc.ts";
import type { Mapping } from "./memory.ts";
import { contentRanges, copyContent, type Range } from "./sparse.ts";
import { readAt } from "./transfer.ts";

const PAGE_SIZE = 4096;
const PAGEMAP = "/proc/self/pagemap";
/** Words of 32 bits that describe a page there. */
const ENTRY_WORDS = 2;
/** Bits of the upper word: the page is in memory, or swapped out. */
const PRESENT = 1 << 31;
const SWAPPED = 1 << 30;
/** Pages that are asked about at once. */
const PAGES = 0x1_0000;
/** How much is passed on at once, in bytes. */
const CHUNK = 0x10_0000;

/**
 * Passes on what a mapping holds, piece by piece and in order; what is not passed on is zeros.
 *
 * @param put gets each piece with its offset; the bytes are valid during the call
 * @throws {SystemError} if it cannot be read
 */
export function memoryContent(
  memory: Mapping,
  put: (offset: number, bytes: Uint8Array<ArrayBuffer>) => void,
): void {
  const { fd, bytes } = memory;
  if (!memory.private) return copyContent(fd, bytes.length, put);
  const ranges = [...contentRanges(fd, bytes.length), ...touchedRanges(memory)];
  memory.whileReadable(() => {
    for (const { start, end } of union(ranges)) {
      for (let at = start; at < end; at += CHUNK) {
        put(at, bytes.subarray(at, Math.min(at + CHUNK, end)));
      }
    }
  });
}

/** The pages of a mapping that were touched: all that were written, and some that were only read. */
function* touchedRanges({ address, bytes }: Mapping): Generator<Range> {
  const pagemap = openDescriptor(PAGEMAP, { readOnly: true });
  try {
    const first = Number(address) / PAGE_SIZE;
    const count = bytes.length / PAGE_SIZE;
    for (let page = 0; page < count; page += PAGES) {
      const words = new Uint32Array(ENTRY_WORDS * Math.min(PAGES, count - page));
      const offset = (first + page) * ENTRY_WORDS * Uint32Array.BYTES_PER_ELEMENT;
      if (!readAt(pagemap, new Uint8Array(words.buffer), { offset })) {
        throw new SystemError("pread64", ERRNO.EIO, PAGEMAP);
      }
      for (let at = 1; at < words.length; at += ENTRY_WORDS) {
        if ((words[at]! & (PRESENT | SWAPPED)) === 0) continue;
        const start = (page + (at - 1) / ENTRY_WORDS) * PAGE_SIZE;
        yield { start, end: start + PAGE_SIZE };
      }
    }
  } finally {
    closeDescriptor(pagemap);
  }
}

/** What at least one of the ranges has, in order, as few ranges as can be. */
function union(ranges: readonly Range[]): Range[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}
