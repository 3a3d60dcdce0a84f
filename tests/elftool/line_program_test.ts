/** Line programs written by hand, for what compilers do seldom or never. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { DwarfReader } from "../../elftool/dwarf_reader.ts";
import { fileOf } from "../../elftool/line_files.ts";
import { findLines, type Line, lineUnits } from "../../elftool/line_program.ts";

const name = "app";
const word = (value: number) => [0, 8, 16, 24].map((shift) => value >>> shift & 255);

/** A unit of version 2 with one file, `a.c`, and 10 as its first special opcode. */
function unitOf(program: readonly number[], { lineRange = 14 } = {}): number[] {
  const operands = [0, 1, 1, 1, 1, 0, 0, 0, 1];
  const tables = [0, 0x61, 0x2e, 0x63, 0, 0, 0, 0, 0];
  // Shortest instruction, statements by default, line base -5.
  const header = [1, 1, 0xfb, lineRange, operands.length + 1, ...operands, ...tables];
  const rest = [2, 0, ...word(header.length), ...header, ...program];
  return [...word(rest.length), ...rest];
}

const setAddress = (address: number) => [0, 9, 2, ...word(address), 0, 0, 0, 0];
const copy = 1;
const advancePc = (bytes: number) => [2, bytes];
const advanceLine = (lines: number) => [3, lines];
const constAddPc = 8;
const endSequence = [0, 1, 1];

/** The line of each address, by the units of a section. */
function linesOf(section: readonly number[], addresses: readonly number[]) {
  const found = new Map(addresses.map((address) => [address, undefined as Line | undefined]));
  const reader = new DwarfReader(Uint8Array.from(section), { name });
  for (const unit of lineUnits(reader)) findLines(unit, found);
  return addresses.map((address) => found.get(address)?.line);
}

Deno.test("lines: a row holds up to the next one, and nothing holds between two sequences", () => {
  const section = unitOf([
    ...setAddress(0x100),
    copy,
    ...advancePc(4),
    ...advanceLine(6),
    copy,
    ...advancePc(4),
    ...endSequence,
    ...setAddress(0x200),
    ...advanceLine(40),
    copy,
    ...advancePc(8),
    ...endSequence,
  ]);
  const addresses = [0xff, 0x100, 0x103, 0x104, 0x107, 0x108, 0x1ff, 0x200, 0x207, 0x208];
  const expected = [undefined, 1, 1, 7, 7, undefined, undefined, 41, 41, undefined];
  deepEqual(linesOf(section, addresses), expected);
});

Deno.test("lines: what one unit says of an address, no later one changes", () => {
  const unit = (line: number) =>
    unitOf([...setAddress(0x100), ...advanceLine(line), copy, ...advancePc(4), ...endSequence]);
  deepEqual(linesOf([...unit(1), ...unit(30)], [0x100]), [2]);
});

Deno.test("lines: an advance by a constant is that of the last special opcode", () => {
  const section = unitOf([
    ...setAddress(0x100),
    copy,
    constAddPc,
    ...advanceLine(1),
    copy,
    ...advancePc(1),
    ...endSequence,
  ]);
  // (255 - 10) / 14, rounded down.
  deepEqual(linesOf(section, [0x110, 0x111, 0x112]), [1, 2, undefined]);
  // (255 - 10) / 246, rounded down.
  const none = unitOf([
    ...setAddress(0x100),
    copy,
    constAddPc,
    ...advanceLine(1),
    copy,
    ...advancePc(1),
    ...endSequence,
  ], { lineRange: 246 });
  deepEqual(linesOf(none, [0x100, 0x101]), [2, undefined]);
});

Deno.test("lines: special opcodes that span no lines are refused", () => {
  throws(() => linesOf(unitOf([255], { lineRange: 0 }), [0x100]), {
    name: "ElfError",
    message: "app: line table: a range of no lines",
  });
});

Deno.test("lines: entries without fields are not counted through, however many there are", () => {
  const many = [...Array(8).fill(0xff), 0x7f];
  const tables = new DwarfReader(Uint8Array.from([0, ...many, 0, ...many]), { name });
  const [unit] = lineUnits(new DwarfReader(Uint8Array.from(unitOf([])), { name }));
  const none = { line: new Uint8Array(), lineStr: new Uint8Array(), str: new Uint8Array() };
  equal(fileOf({ unit: { ...unit!, version: 5, tables }, file: 1 }, none), undefined);
});
