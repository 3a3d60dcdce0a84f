/**
 * What hypercalls may do with guest memory: asked of a view, byte by byte and at every edge.
 */
import { equal } from "node:assert/strict";
import fc from "fast-check";
import { GuestView } from "../../../tender/hvt/guest_view.ts";
import type { Protection } from "../../../tender/hvt/machine.ts";

const SIZE = 64;
const CLOSED: Protection = { start: 16, end: 24, read: false, write: false };
const CONSTANT: Protection = { start: 32, end: 40, read: true, write: false };

Deno.test("guest view: one byte of overlap with memory that is not the guest's to use is too much", () => {
  const view = new GuestView(new Uint8Array(SIZE), [CLOSED, CONSTANT]);
  const allows = (access: "read" | "write", start: number, end: number) =>
    view.allows(access, { address: start, length: end - start });
  equal(allows("write", 8, 16), true);
  equal(allows("write", 8, 17), false);
  equal(allows("read", 8, 17), false);
  equal(allows("write", 24, 32), true);
  equal(allows("write", 23, 32), false);
  equal(allows("write", 24, 33), false);
  equal(allows("read", 24, 41), true);
  equal(allows("write", 39, 41), false);
  equal(allows("write", 40, SIZE), true);
  equal(allows("write", 40, SIZE + 1), false);
});

Deno.test("guest view: a structure is the one that is asked for, wherever the last one was", () => {
  const bytes = Uint8Array.from({ length: SIZE }, (_, index) => index);
  const view = new GuestView(bytes, []);
  const structure = fc.tuple(fc.nat({ max: 8 }), fc.integer({ min: 1, max: 16 }));
  fc.assert(fc.property(fc.array(structure), (structures) => {
    for (const [address, length] of structures) {
      const at = view.at(address, length);
      equal(at.getUint8(0), address);
      equal(at.getUint8(length - 1), address + length - 1);
    }
  }));
});

const edge = fc.nat({ max: SIZE + 4 });
const access = fc.record({
  start: fc.nat({ max: SIZE }),
  end: fc.nat({ max: SIZE }),
  read: fc.boolean(),
  write: fc.boolean(),
}).filter(({ start, end }) => start < end);

Deno.test("guest view: a range is allowed if and only if each of its bytes is", () => {
  const property = fc.property(
    fc.array(access, { maxLength: 4 }),
    fc.constantFrom("read" as const, "write" as const),
    edge,
    edge,
    (restrictions, how, address, length) => {
      const view = new GuestView(new Uint8Array(SIZE), restrictions);
      const bytes = Array.from({ length }, (_, index) => address + index);
      const expected = bytes.every((byte) =>
        byte < SIZE &&
        restrictions.every(({ start, end, ...may }) => byte < start || byte >= end || may[how])
      ) && address + length <= SIZE;
      equal(view.allows(how, { address, length }), expected);
    },
  );
  fc.assert(property, { numRuns: 2000 });
});
