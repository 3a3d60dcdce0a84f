/**
 * Numbers of DWARF: the examples of its section 7.6, and bytes that go on where a number should end.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import { DwarfReader } from "../../elftool/dwarf_reader.ts";
import { ElfError } from "../../elftool/error.ts";

const reader = (...bytes: number[]) => new DwarfReader(Uint8Array.from(bytes), { name: "app" });

Deno.test("dwarf: numbers of as many bytes as they take", () => {
  const unsigned = [[2, 2], [127, 127], [128, 0x80, 1], [129, 0x81, 1], [12857, 0xb9, 0x64]];
  for (const [value, ...bytes] of unsigned) equal(reader(...bytes).uleb(), value);
  const signed = [
    [2, 2],
    [-2, 0x7e],
    [127, 0xff, 0],
    [-127, 0x81, 0x7f],
    [128, 0x80, 1],
    [-128, 0x80, 0x7f],
    [129, 0x81, 1],
    [-129, 0xff, 0x7e],
    [63, 0x3f],
    [-64, 0x40],
    [-8192, 0x80, 0x40],
  ];
  for (const [value, ...bytes] of signed) equal(reader(...bytes).sleb(), value);
});

Deno.test("dwarf: a compiler may fill a number up", () => {
  const filled = reader(0x85, ...Array(8).fill(0x80), 0, 7);
  deepEqual([filled.uleb(), filled.u8()], [5, 7]);
});

Deno.test("dwarf: a number that goes on and on is none", () => {
  for (const last of [0, 0x40]) {
    for (const read of ["uleb", "sleb"] as const) {
      throws(() => reader(...Array(200).fill(0x80), last)[read](), (error) => {
        return error instanceof ElfError && /^app: line table: .* without end/.test(error.message);
      });
    }
  }
});

Deno.test("dwarf: a range ends where it ends, though the bytes go on", () => {
  const ends = { name: "ElfError", message: /^app: line table: ends at 2/ };
  const range = reader(1, 2, 3, 4).part(0, 2);
  throws(() => range.part(0, 3), ends);
  throws(() => range.part(2, 1), ends);
  range.skip(2);
  equal(range.done, true);
  for (const read of ["u8", "i8", "uleb", "text"] as const) throws(() => range[read](), ends);
  throws(() => range.unsigned(4), ends);
  throws(() => range.skip(1), ends);
});
