/**
 * Places for memory: they do not overlap, and one that was given back is empty when it is taken again.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { Arena } from "../../linux/arena.ts";
import { guestMemory, type Mapping, sparseFile } from "../../linux/memory.ts";

const PAGE = 4096;
const MIB = 2 ** 20;

Deno.test("arena: places lie apart, in whole large pages where they are as large", () => {
  using arena = new Arena();
  const sizes = [PAGE, 2 * MIB, 3 * PAGE, 512 * MIB, 4096 * MIB, PAGE];
  const places = sizes.map((size) => arena.take(size));
  for (const [index, { address, bytes }] of places.entries()) {
    equal(bytes.length, sizes[index]);
    equal(address % BigInt(sizes[index]! < 2 * MIB ? PAGE : 2 * MIB), 0n);
    for (const other of places.slice(0, index)) {
      const end = other.address + BigInt(other.bytes.length);
      ok(address >= end || address + BigInt(bytes.length) <= other.address);
    }
  }
});

Deno.test("arena: places fill their addresses to the last byte", () => {
  using arena = new Arena();
  const [one, other] = [arena.take(2048 * MIB), arena.take(2048 * MIB)];
  equal(other.address - one.address, BigInt(2048 * MIB));
});

Deno.test("arena: a mapping in a place is seen there, and gone once it is closed", () => {
  using arena = new Arena();
  const file = sparseFile("test", 2 * MIB);
  const map = (place = arena.take(2 * MIB)): Mapping => guestMemory(2 * MIB, { over: file, place });
  const first = map();
  first.bytes.set([1, 2, 3], PAGE);
  const { address } = first;
  equal(protectionAt(address), "rw-p");
  first.forget();
  deepEqual([...first.bytes.subarray(PAGE, PAGE + 3)], [0, 0, 0]);
  first.bytes.set([4], PAGE);
  first.close();
  first.close();
  equal(protectionAt(address), "---p");
  // The same place, and nothing of what was there.
  using second = map();
  equal(second.address, address);
  equal(second.bytes[PAGE], 0);
});

Deno.test("arena: its end gives the addresses back, and leaves no view of them", () => {
  const arena = new Arena();
  const { address, bytes } = arena.take(2 * MIB);
  equal(protectionAt(address), "---p");
  arena[Symbol.dispose]();
  equal(protectionAt(address), undefined);
  equal(bytes.length, 0);
});

function protectionAt(address: bigint): string | undefined {
  for (const line of Deno.readTextFileSync("/proc/self/maps").split("\n")) {
    const [start, end] = line.split(/[- ]/, 2).map((word) => BigInt(`0x${word || 0}`));
    if (start! <= address && address < end!) return line.split(" ")[1];
  }
}
