/**
 * A guest's memory as segments of an executable: whatever the unikernel's own segments are, together
 * they are all of guest memory, with every byte where it belongs.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { PAGE_SIZE } from "../../../abi/solo5.ts";
import { MEMORY_START } from "../../../abi/spt.ts";
import { makeUnikernel, type Segment } from "../../../elftool/unikernel.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import { guestMemory } from "../../../tender/spt/memory.ts";

const BASE = 0x10_0000;
const MEMORY = 0x40_0000;

/** A segment by its place after the one before, its sizes and its protection. */
const piece = fc.record({
  gap: fc.integer({ min: 0, max: 2 }),
  offset: fc.integer({ min: 0, max: PAGE_SIZE - 1 }),
  fileSize: fc.integer({ min: 1, max: 3 * PAGE_SIZE }),
  zeros: fc.integer({ min: 0, max: 3 * PAGE_SIZE }),
  protection: fc.constantFrom("r--", "r-x", "rw-", "--x"),
});

function segmentsOf(pieces: readonly (typeof piece extends fc.Arbitrary<infer T> ? T : never)[]) {
  let end = BASE;
  return pieces.map(({ gap, offset, fileSize, zeros, protection }, index): Segment => {
    const start = end + gap * PAGE_SIZE;
    const address = start + offset;
    end = Math.ceil((address + fileSize + zeros) / PAGE_SIZE) * PAGE_SIZE;
    return {
      address,
      data: new Uint8Array(fileSize).fill(index + 1),
      start,
      end,
      read: protection.includes("r"),
      write: protection.includes("w"),
      execute: protection.includes("x"),
    };
  });
}

function guestOf(
  segments: readonly Segment[],
  { executableHeap = false, memory = MEMORY }: { executableHeap?: boolean; memory?: number },
): Guest {
  const unikernel = makeUnikernel({
    name: "made-up.spt",
    architecture: "x86_64",
    entry: BASE,
    segments,
    kernelEnd: segments.at(-1)?.end ?? BASE,
    abi: { target: "spt", version: 2 },
    manifest: { devices: [] },
  });
  return bind(unikernel, { memory, executableHeap });
}

Deno.test("property: the segments of an image are all of guest memory, byte for byte", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.boolean(), (pieces, executableHeap) => {
      const own = segmentsOf(pieces);
      const content = { epoll: 3, timer: 4, devices: [], shown: new Uint8Array(5) };
      const { segments, maps, protections } = guestMemory(
        guestOf(own, { executableHeap }),
        content,
      );

      // No hole, no overlap, whole pages.
      let end = MEMORY_START;
      for (const { address, data, memorySize } of segments) {
        equal(address, end);
        ok(data.length <= memorySize && data.length % PAGE_SIZE === 0);
        end = address + memorySize;
      }
      deepEqual(maps.map(({ start, end }) => [start, end]), [[end, MEMORY]]);

      // No zeros are content but those that fill a page, and the two pages of the boot area.
      const pages = own.map(({ address, data }) =>
        Math.ceil((address % PAGE_SIZE + data.length) / PAGE_SIZE)
      );
      const bytes = segments.reduce((sum, { data }) => sum + data.length, 0);
      equal(bytes, PAGE_SIZE * pages.reduce((sum, count) => sum + count, 2));

      // No two of them could be one.
      segments.slice(1).forEach(({ read, write, execute }, index) => {
        const before = segments[index]!;
        const alike = before.read === read && before.write === write && before.execute === execute;
        ok(!alike || before.data.length < before.memorySize);
      });

      const memory = new Uint8Array(MEMORY);
      for (const { address, data } of segments) memory.set(data, address);
      const expected = new Uint8Array(MEMORY);
      for (const { address, data } of own) expected.set(data, address);
      deepEqual(memory.subarray(BASE), expected.subarray(BASE));

      // Every page has its segment's protection, from its mapping or from what is protected after it.
      const heap = { read: true, write: true, execute: executableHeap };
      const between = own.slice(1).map(({ start }, index) => ({
        start: own[index]!.end,
        end: start,
        ...heap,
        execute: false,
      }));
      const ranges = own.length === 0
        ? []
        : [...own, ...between, { start: own.at(-1)!.end, end: MEMORY, ...heap }];
      for (const { start, end, ...segment } of ranges) {
        for (let page = start; page < end; page += PAGE_SIZE) {
          const contains = (range: { start: number; end: number }) =>
            range.start <= page && page < range.end;
          const { read, write, execute } = protections.findLast(contains) ??
            segments.find(({ address, memorySize }) =>
              contains({ start: address, end: address + memorySize })
            ) ?? maps[0]!;
          const { read: r, write: w, execute: x } = segment;
          deepEqual([read, write, execute], [r, w, x], `page 0x${page.toString(16)}`);
        }
      }
    }),
  );
});

Deno.test("many zeros between two segments are mapped by the launch, as those behind them", () => {
  const far = 0x1000_0000;
  const data = (start: number, pages: number): Segment => ({
    address: start,
    data: new Uint8Array(pages * PAGE_SIZE).fill(1),
    start,
    end: start + pages * PAGE_SIZE,
    ...{ read: true, write: true, execute: false },
  });
  const own = [data(BASE, 2), data(far, 1), data(far + 2 * PAGE_SIZE, 1)];
  const content = { epoll: 3, timer: 4, devices: [], shown: new Uint8Array(5) };
  const guest = guestOf(own, { memory: 2 * far });
  const { segments, maps } = guestMemory(guest, content);
  deepEqual(
    segments.slice(1).map(({ address, data, memorySize }) => [address, data.length, memorySize]),
    [
      [BASE, 2 * PAGE_SIZE, 2 * PAGE_SIZE],
      [far, PAGE_SIZE, 2 * PAGE_SIZE],
      [far + 2 * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE],
    ],
  );
  const zeros = { read: true, write: true, execute: false };
  deepEqual(maps, [
    { start: BASE + 2 * PAGE_SIZE, end: far, ...zeros },
    { start: far + 3 * PAGE_SIZE, end: 2 * far, ...zeros },
  ]);
});
