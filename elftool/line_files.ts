/**
 * The files that a line program refers to by number.
 *
 * @module
 */
import type { DwarfReader } from "./dwarf_reader.ts";
import type { LineUnit } from "./line_program.ts";
import { textAt } from "./sections.ts";

/** Sections that may hold the strings of a line table; empty where a file lacks one. */
export interface LineTexts {
  readonly line: Uint8Array;
  readonly lineStr: Uint8Array;
  readonly str: Uint8Array;
}

/** The fields of an entry of version 5 (`DW_LNCT_…`), and their forms (`DW_FORM_…`). */
const CONTENT = { path: 1, directory: 2 } as const;
const FORM = {
  block2: 0x03,
  block4: 0x04,
  data2: 0x05,
  data4: 0x06,
  data8: 0x07,
  string: 0x08,
  block: 0x09,
  block1: 0x0a,
  data1: 0x0b,
  sdata: 0x0d,
  strp: 0x0e,
  udata: 0x0f,
  data16: 0x1e,
  lineStrp: 0x1f,
} as const;

/** Where a string lies. It is read only when it is needed: many entries may share a long one. */
interface Text {
  readonly of: keyof LineTexts;
  readonly at: number;
}

/** A file, or a directory. */
interface Entry {
  readonly path?: Text;
  readonly directory: number;
}

/**
 * The path of a file as the compiler was given it; undefined if no file has that number.
 *
 * @throws {ElfError} if the unit's tables are broken
 */
export function fileOf(
  { file, unit }: { unit: LineUnit; file: number },
  texts: LineTexts,
): string | undefined {
  const read = unit.version >= 5 ? readTable5 : readTable2;
  const tables = unit.tables.part(unit.tables.at);
  read(tables, { unit, sized: false });
  const entry = read(tables, { unit, sized: true, wanted: file });
  const textOf = (text?: Text) =>
    text === undefined ? "" : textAt(texts[text.of], text.at).replace(/^(\.\/)+/, "");
  const path = textOf(entry?.path);
  if (entry === undefined || path === "") return undefined;
  // Directory 0 is where the compiler ran: not part of the program.
  if (path.startsWith("/") || entry.directory === 0) return path;
  const again = unit.tables.part(unit.tables.at);
  const directory = textOf(read(again, { unit, sized: false, wanted: entry.directory })?.path);
  return directory === "" ? path : `${directory}/${path}`;
}

interface TableOptions {
  readonly unit: LineUnit;
  /** Whether its entries are files; up to version 4, a file has three numbers. */
  readonly sized: boolean;
  /** Number of the entry to return: a hostile table may have more entries than fit into memory. */
  readonly wanted?: number;
}

/** Versions 2 to 4: strings, up to an empty one, counted from 1. */
function readTable2(reader: DwarfReader, { sized, wanted }: TableOptions): Entry | undefined {
  let entry: Entry | undefined;
  for (let number = 1;; number++) {
    const at = reader.text();
    if (reader.at === at + 1) return entry;
    const directory = sized ? reader.uleb() : 0;
    if (sized) {
      // Its modification time and its size.
      reader.uleb();
      reader.uleb();
    }
    if (number === wanted) entry = { path: { of: "line", at }, directory };
  }
}

/** Version 5: the fields and forms of every entry, then the entries, counted from 0. */
function readTable5(reader: DwarfReader, { unit, wanted }: TableOptions): Entry | undefined {
  const formats: [content: number, form: number][] = [];
  for (let left = reader.u8(); left > 0; left--) formats.push([reader.uleb(), reader.uleb()]);
  // Entries without fields would take no bytes.
  const count = Math.min(reader.uleb(), formats.length === 0 ? 0 : Infinity);
  let entry: Entry | undefined;
  for (let number = 0; number < count; number++) {
    let path: Text | undefined;
    let directory = 0;
    for (const [content, form] of formats) {
      const value = valueOf(reader, { form, offsetSize: unit.offsetSize });
      if (content === CONTENT.path && typeof value === "object") path = value;
      else if (content === CONTENT.directory && typeof value === "number") directory = value;
    }
    if (number === wanted) entry = { path, directory };
  }
  return entry;
}

function valueOf(
  reader: DwarfReader,
  { form, offsetSize }: { form: number; offsetSize: number },
): Text | number {
  switch (form) {
    case FORM.string:
      return { of: "line", at: reader.text() };
    case FORM.lineStrp:
      return { of: "lineStr", at: reader.unsigned(offsetSize) };
    case FORM.strp:
      return { of: "str", at: reader.unsigned(offsetSize) };
    case FORM.udata:
      return reader.uleb();
    case FORM.sdata:
      return reader.sleb();
    case FORM.data1:
      return reader.u8();
    case FORM.data2:
      return reader.unsigned(2);
    case FORM.data4:
      return reader.unsigned(4);
    case FORM.data8:
      return reader.unsigned(8);
    case FORM.data16:
      return reader.skip(16);
    case FORM.block:
      return reader.skip(reader.uleb());
    case FORM.block1:
      return reader.skip(reader.u8());
    case FORM.block2:
      return reader.skip(reader.unsigned(2));
    case FORM.block4:
      return reader.skip(reader.unsigned(4));
    default:
      throw reader.fail(`a file's name or number of form ${form}`);
  }
}
