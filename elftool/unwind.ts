/**
 * Tables for unwinding the stack: where functions begin and end (`.eh_frame`), and where exceptions
 * land in them (`.gcc_except_table`). As in the Linux Standard Base (core, "Exception Frames") and in
 * the exception handling tables of the Itanium C++ ABI.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../abi/elf.ts";
import { DwarfReader } from "./dwarf_reader.ts";
import { type LoadedProgram, type LoadedSegment, segmentAt } from "./loaded.ts";
import { findSections } from "./sections.ts";

/** A function that the stack can be unwound through, or a part of one. */
export interface Frame {
  /** Where its code begins and ends, as addresses. */
  readonly start: number;
  readonly end: number;
  /** Where exceptions land in the function, perhaps in another part of it. */
  readonly landings: readonly number[];
}

/** An encoding of pointers: its low half is a format, `pcRelative` and `indirect` are flags. */
const ENCODING = { absent: 0xff, indirect: 0x80, relativeTo: 0x70, pcRelative: 0x10 } as const;

/** Readers of the formats. */
const FORMATS: Readonly<Record<number, (reader: DwarfReader) => number>> = {
  0x00: (reader) => reader.unsigned(8),
  0x01: (reader) => reader.uleb(),
  0x02: (reader) => reader.unsigned(2),
  0x03: (reader) => reader.unsigned(4),
  0x04: (reader) => reader.unsigned(8),
  0x09: (reader) => reader.sleb(),
  0x0a: (reader) => reader.signed(2),
  0x0b: (reader) => reader.signed(4),
  0x0c: (reader) => reader.signed(8),
};

/** What a common information entry (CIE) says of the frames that refer to it, as encodings. */
interface Common {
  readonly addresses: number;
  readonly handlers: number;
  /** Whether its frames say how long their own additions are. */
  readonly augmented: boolean;
}

/**
 * Reads the frames of a program, in the order of their table; none if it has no such table.
 *
 * @throws {ElfError} "elf-symbols" if the tables are broken
 */
export function readFrames(program: LoadedProgram): Frame[] {
  const address = frameTable(program);
  if (address === undefined) return [];
  const table = readerAt(program, { address, what: "frames" });
  const commons = new Map<number, Common>();
  const frames: Frame[] = [];
  const budget = { left: program.elf.bytes.length };
  while (!table.reader.done) {
    const { reader } = table;
    const short = reader.unsigned(4);
    if (short === 0) break;
    const length = short === 0xffff_ffff ? reader.unsigned(8) : short;
    const start = reader.skip(length);
    const entry = { ...table, reader: reader.part(start, start + length) };
    const id = entry.reader.unsigned(4);
    if (id === 0) {
      commons.set(start - (short === length ? 4 : 12), readCommon(entry.reader));
      continue;
    }
    const common = commons.get(start - id);
    if (common === undefined) throw reader.fail(`the frame at ${start} refers to no common entry`);
    const frame = readFrame(program, { entry, common, budget });
    if (frame !== undefined) frames.push(frame);
  }
  return frames;
}

/** How many bytes of tables of handlers are still to be read: each byte belongs to one function. */
interface Budget {
  left: number;
}

/** A reader, and the address of the first byte of what it reads from. */
interface Table {
  readonly reader: DwarfReader;
  readonly base: number;
}

/** The address of the table of frames: what unwinders find it by, or else its section. */
function frameTable(program: LoadedProgram): number | undefined {
  const found = program.programs.find(({ type }) => type === SEGMENT_TYPES.GNU_EH_FRAME);
  if (found === undefined) return findSections(program.elf, [".eh_frame"])[0]?.addr;
  const header = readerAt(program, { address: found.vaddr, what: "frames" });
  // A version and two encodings that do not matter here.
  const [, encoding = 0] = [header.reader.u8(), header.reader.u8(), header.reader.skip(2)];
  return pointer(header, encoding);
}

function readerAt(
  { segments, elf: { name } }: LoadedProgram,
  { address, what }: { address: number; what: string },
): Table {
  const segment: LoadedSegment = segmentAt(segments, address) ??
    { address, data: new Uint8Array(), write: false, execute: false };
  const start = address - segment.address;
  return { reader: new DwarfReader(segment.data, { name, what, start }), base: segment.address };
}

/** An encoded address; undefined if it is null, missing, or stands elsewhere. */
function pointer({ reader, base }: Table, encoding: number): number | undefined {
  if (encoding === ENCODING.absent) return undefined;
  const from = (encoding & ENCODING.relativeTo) === ENCODING.pcRelative ? base + reader.at : 0;
  const value = plain(reader, encoding);
  return value === 0 || (encoding & ENCODING.indirect) !== 0 ? undefined : from + value;
}

/** A number in the format of an encoding. */
function plain(reader: DwarfReader, encoding: number): number {
  const format = FORMATS[encoding & 0x0f];
  if (format === undefined) throw reader.fail(`an address of unknown encoding ${encoding}`);
  return format(reader);
}

function readCommon(reader: DwarfReader): Common {
  const version = reader.u8();
  let augmentation = "";
  for (let byte = reader.u8(); byte !== 0; byte = reader.u8()) {
    augmentation += String.fromCharCode(byte);
  }
  // Factors of instructions for unwinding, and the register of the return address.
  reader.uleb();
  reader.sleb();
  if (version === 1) reader.u8();
  else reader.uleb();
  const common = { addresses: 0, handlers: ENCODING.absent as number, augmented: false };
  for (const letter of augmentation) {
    if (letter === "z") {
      common.augmented = true;
      reader.uleb();
    } else if (letter === "R") common.addresses = reader.u8();
    else if (letter === "L") common.handlers = reader.u8();
    else if (letter === "P") plain(reader, reader.u8());
  }
  return common;
}

function readFrame(
  program: LoadedProgram,
  { entry, common, budget }: { entry: Table; common: Common; budget: Budget },
): Frame | undefined {
  const start = pointer(entry, common.addresses);
  const size = plain(entry.reader, common.addresses);
  if (start === undefined || size <= 0) return undefined;
  if (!common.augmented) return { start, end: start + size, landings: [] };
  entry.reader.uleb();
  const address = pointer(entry, common.handlers);
  const landings = address === undefined ? [] : readLandings(program, { address, start, budget });
  return { start, end: start + size, landings };
}

/** The landing pads that a function's table of calls names. */
function readLandings(
  program: LoadedProgram,
  { address, start, budget }: { address: number; start: number; budget: Budget },
): number[] {
  const table = readerAt(program, { address, what: "handlers of exceptions" });
  const { reader } = table;
  const base = pointer(table, reader.u8()) ?? start;
  // The offset of the table of types.
  if (reader.u8() !== ENCODING.absent) reader.uleb();
  const encoding = reader.u8();
  const length = reader.uleb();
  const calls = reader.part(reader.at, reader.at + length);
  budget.left -= length;
  if (budget.left < 0) throw reader.fail("tables that overlap");
  const landings: number[] = [];
  while (!calls.done) {
    // Where the calls begin, and how many bytes they have.
    plain(calls, encoding);
    plain(calls, encoding);
    const landing = plain(calls, encoding);
    calls.uleb();
    if (landing !== 0) landings.push(base + landing);
  }
  return landings;
}
