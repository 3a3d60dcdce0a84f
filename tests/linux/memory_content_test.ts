/**
 * Memory over a file that others share: what is written stays apart, and all of it can be read back.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { openDescriptor } from "../../linux/descriptor.ts";
import { closeDescriptor, SystemError } from "../../linux/libc.ts";
import { guestMemory, Mapping, sparseFile } from "../../linux/memory.ts";
import { memoryContent } from "../../linux/memory_content.ts";
import { readAt, writeAt } from "../../linux/transfer.ts";

const PAGE = 4096;
const PAGES = 64;
const SIZE = PAGES * PAGE;

/** A file in memory that holds these bytes at these pages. */
function fileWith(pages: ReadonlyMap<number, number>): number {
  const fd = sparseFile("shared", SIZE);
  for (const [page, value] of pages) writeAt(fd, filled(value), { offset: page * PAGE });
  return fd;
}

function filled(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(PAGE).fill(value);
}

/** All of a mapping as it is passed on, and the pages that were. */
function contentOf(memory: Mapping): { content: Uint8Array; pages: number[] } {
  const content = new Uint8Array(memory.bytes.length);
  const pages: number[] = [];
  memoryContent(memory, (offset, bytes) => {
    content.set(bytes, offset);
    for (let at = 0; at < bytes.length; at += PAGE) pages.push((offset + at) / PAGE);
  });
  return { content, pages };
}

/** What may be done with the mapping of a file, range by range. */
function protections(name: string): string[] {
  return Deno.readTextFileSync("/proc/self/maps").split("\n")
    .filter((line) => line.includes(`/memfd:${name} `)).map((line) => line.split(" ")[1]!);
}

const pages = fc.array(fc.tuple(fc.nat(PAGES - 1), fc.integer({ min: 1, max: 255 })))
  .map((list) => new Map(list));
const ranges = fc.array(
  fc.record({
    page: fc.nat(PAGES - 1),
    length: fc.integer({ min: 1, max: 8 }),
    read: fc.boolean(),
    write: fc.boolean(),
  }),
  { maxLength: 4 },
);

/** A file on a disk, where holes stay holes when a page over them is written. */
function fileOnDisk(pages: ReadonlyMap<number, number>): number {
  const path = Deno.makeTempFileSync();
  Deno.truncateSync(path, SIZE);
  const fd = openDescriptor(path);
  Deno.removeSync(path);
  for (const [page, value] of pages) writeAt(fd, filled(value), { offset: page * PAGE });
  return fd;
}

for (
  const [what, over] of [
    ["a file", undefined],
    ["a mapping over a file in memory", fileWith],
    ["a mapping over a file on a disk", fileOnDisk],
  ] as const
) {
  Deno.test(`memory content: all of ${what}, and no page that nobody touched`, () => {
    fc.assert(
      fc.property(pages, pages, ranges, (before, written, ranges) => {
        const file = (over ?? fileWith)(before);
        try {
          using memory = over === undefined
            ? new Mapping(fileWith(before), SIZE)
            : guestMemory(SIZE, { over: file });
          const expected = new Uint8Array(SIZE);
          for (const [page, value] of [...before, ...written]) {
            expected.fill(value, page * PAGE, (page + 1) * PAGE);
          }
          for (const [page, value] of written) {
            memory.bytes.fill(value, page * PAGE, (page + 1) * PAGE);
          }
          for (const { page, length, read, write } of ranges) {
            const end = Math.min(page + length, PAGES);
            memory.protect({ start: page * PAGE, end: end * PAGE, read, write });
          }
          const found = contentOf(memory);
          deepEqual(found.content, expected);
          const touched = new Set([...before.keys(), ...written.keys()]);
          deepEqual(found.pages, [...touched].sort((a, b) => a - b));
          // The file has what it had.
          const page = filled(0);
          for (let index = 0; index < PAGES; index++) {
            readAt(file, page, { offset: index * PAGE });
            deepEqual(page, filled(before.get(index) ?? 0));
          }
        } finally {
          closeDescriptor(file);
        }
      }),
      { numRuns: 60 },
    );
  });
}

Deno.test("memory content: a range that is closed is so again afterwards, even if the reader fails", () => {
  const name = `closed ${crypto.randomUUID()}`;
  const file = sparseFile(name, SIZE);
  using memory = guestMemory(SIZE, { over: file });
  closeDescriptor(file);
  memory.bytes[5 * PAGE] = 7;
  memory.protect({ start: 4 * PAGE, end: 8 * PAGE, read: false, write: false });
  memory.protect({ start: 6 * PAGE, end: 7 * PAGE, read: true, write: false });
  const before = protections(name);
  deepEqual(before, ["rw-p", "---p", "r--p", "---p", "rw-p"]);
  equal(contentOf(memory).content[5 * PAGE], 7);
  deepEqual(protections(name), before);
  throws(() =>
    memoryContent(memory, () => {
      throw new Error("full");
    }), /full/);
  deepEqual(protections(name), before);
});

Deno.test("memory content: mappings over one file share it, and do not see what another wrote", () => {
  const file = fileWith(new Map([[3, 1]]));
  using first = guestMemory(SIZE, { over: file });
  using second = guestMemory(SIZE, { over: file });
  closeDescriptor(file);
  first.bytes[3 * PAGE] = 9;
  first.bytes[4 * PAGE] = 9;
  deepEqual([second.bytes[3 * PAGE], second.bytes[4 * PAGE]], [1, 0]);
  deepEqual([first.bytes[3 * PAGE], first.bytes[3 * PAGE + 1]], [9, 1]);
});

Deno.test("memory content: a file that is shorter than the memory is refused", () => {
  const file = sparseFile("short", SIZE - PAGE);
  throws(
    () => guestMemory(SIZE, { over: file }),
    (error) => error instanceof SystemError && error.call === "mmap",
  );
  ok(readAt(file, filled(0), { offset: 0 }), "the file was closed");
  closeDescriptor(file);
});
