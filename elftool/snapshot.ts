/**
 * Writes snapshots: the memory of a program that has initialised, as a unikernel that goes on from there.
 *
 * Such a file has the segments that cannot be written as they were. All else is the pages that hold
 * something, in runs, each a segment. Symbols and debug information stay; of sections whose content has
 * changed only the addresses stay.
 *
 * @module
 */
import {
  ELF_TYPES,
  ElfHeader,
  ProgramHeader,
  SECTION_FLAGS,
  SECTION_TYPES,
  SectionHeader,
  SEGMENT_FLAGS,
  SEGMENT_TYPES,
} from "../abi/elf.ts";
import { alignDown, alignUp, usize, viewOf } from "../abi/layout.ts";
import {
  Application,
  NOTE_APPLICATION,
  NOTE_MARK,
  PORTABLE_NOTE_NAME,
  PORTABLE_NOTE_TYPE,
  WINDOW,
} from "../abi/portable.ts";
import { LOWEST_ADDRESS, PAGE_SIZE } from "../abi/solo5.ts";
import {
  MARK_MAGIC,
  MARK_VERSION,
  MarkRecord,
  SNAPSHOT_NOTE_NAME,
  SNAPSHOT_NOTE_TYPE,
} from "../abi/snapshot.ts";
import { type ElfFile, type Program, programData, readElf, readPrograms } from "./elf_reader.ts";
import { assemble, type Chunk, congruent, elfHeader } from "./elf_writer.ts";
import { encodeNote, findOwnNote } from "./notes.ts";
import { readSections, type Section, sectionData } from "./sections.ts";
import { type SnapshotFacts, snapshotNote } from "./snapshot_note.ts";
import { parseUnikernel, type Segment, type Unikernel } from "./unikernel.ts";

/** The memory of a program, page by page. */
export class SnapshotMemory {
  readonly #pages = new Map<number, Uint8Array>();

  /**
   * Adds bytes, in place of those that were there.
   *
   * @param address of the first, a multiple of the page size; so is their number
   */
  add(address: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
      const page = bytes.subarray(at, at + PAGE_SIZE);
      if (page.some((byte) => byte !== 0)) this.#pages.set(address + at, page.slice());
      else this.#pages.delete(address + at);
    }
  }

  /** Addresses of the pages that hold something, ascending. */
  addresses(): number[] {
    return [...this.#pages.keys()].sort((a, b) => a - b);
  }

  /** The content of a range of whole pages. */
  read(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end; at += PAGE_SIZE) {
      const page = this.#pages.get(at);
      if (page !== undefined) bytes.set(page, at - start);
    }
    return bytes;
  }
}

/** The record at an address, if bytes that begin there are one. */
export function readMark(
  bytes: Uint8Array,
  address: number,
): ReturnType<typeof MarkRecord.read> | undefined {
  if (bytes.length < MarkRecord.size) return undefined;
  const record = MarkRecord.read(viewOf(bytes), 0);
  const { magic, version, stack } = record;
  const isMark = magic === MARK_MAGIC && version === MARK_VERSION && stack === address;
  return isMark ? record : undefined;
}

/** What a snapshot is made of. */
export interface SnapshotParts extends SnapshotFacts {
  /** The file of the unikernel that ran; of a portable one, without bindings. */
  readonly file: Uint8Array;
  /** Its guest's memory. */
  readonly content: SnapshotMemory;
  /** Address of the record. */
  readonly record: number;
}

/**
 * Most segments of a snapshot. Linux executes a file of 1,170 program headers and no more, and spt adds
 * some of its own.
 */
export const MAX_SEGMENTS = 1000;

/**
 * Writes a snapshot.
 *
 * @returns the file of a unikernel
 * @throws {ElfError} if the unikernel that ran is none, or its sections are broken
 */
export function writeSnapshot(parts: SnapshotParts): Uint8Array<ArrayBuffer> {
  const { file, content, record, of: name } = parts;
  const unikernel = parseUnikernel(file, { name });
  const elf = readElf(file, { name });
  const fixed = unikernel.segments.filter((segment) => !isData(segment)).map(wholeSegment);
  const runs = runsOf(unikernel, { content, most: MAX_SEGMENTS - fixed.length });
  const segments = [
    ...fixed,
    ...runs.map(({ start, end }): Placed => ({
      address: start,
      data: content.read(start, end),
      size: end - start,
      flags: SEGMENT_FLAGS.READ | SEGMENT_FLAGS.WRITE,
    })),
  ].sort((a, b) => a.address - b.address);
  const last = segments.at(-1)!;
  const others = otherPrograms(elf, { record, end: last.address + last.size });
  const note = encodeNote(snapshotNote(parts));
  const size = note.length;
  const noteProgram = { type: SEGMENT_TYPES.NOTE, flags: SEGMENT_FLAGS.READ, align: 4 };
  const heads = [
    ...others,
    { program: { ...noteProgram, filesz: size, memsz: size }, data: note },
    ...segments.map(segmentHead),
  ].sort((a, b) => rank(a.program.type) - rank(b.program.type));

  const chunks: Chunk[] = [];
  let end = ElfHeader.size + heads.length * ProgramHeader.size;
  const offsets = new Map<number, number>();
  heads.forEach(({ program, data }, index) => {
    const isLoaded = program.type === SEGMENT_TYPES.LOAD;
    const offset = isLoaded ? congruent(end, program.vaddr!) : alignUp(end, 8);
    const at = ElfHeader.size + index * ProgramHeader.size;
    chunks.push({ offset: at, data: ProgramHeader.encode({ ...program, offset }) });
    if (data.length === 0) return;
    if (isLoaded) offsets.set(program.vaddr!, offset);
    chunks.push({ offset, data });
    end = offset + data.length;
  });
  const sections = moveSections(elf, { end, fixed, offsets });
  const fields = {
    type: ELF_TYPES.EXEC,
    architecture: unikernel.architecture,
    entry: unikernel.entry,
    phnum: heads.length,
    ...sections.fields,
  };
  chunks.push(...sections.chunks, { offset: 0, data: elfHeader(fields) });
  return assemble(sections.end, chunks);
}

/** A segment to write. */
interface Placed {
  readonly address: number;
  readonly data: Uint8Array;
  /** Bytes that it takes in memory. */
  readonly size: number;
  readonly flags: number;
}

/** A program header without its offset, and what it is about. */
interface Head {
  readonly program: Parameters<typeof ProgramHeader.encode>[0];
  readonly data: Uint8Array;
}

/** Whether it is memory like the heap, of which only the content counts. */
function isData({ read, write, execute }: Segment): boolean {
  return read && write && !execute;
}

/** A segment with its protection up to the ends of its range, as a header with the usual alignment has them. */
function wholeSegment({ address, data, start, end, read, write, execute }: Segment): Placed {
  const flags = (read ? SEGMENT_FLAGS.READ : 0) | (write ? SEGMENT_FLAGS.WRITE : 0) |
    (execute ? SEGMENT_FLAGS.EXECUTE : 0);
  if (alignDown(address, PAGE_SIZE) === start) return { address, data, size: end - address, flags };
  const whole = new Uint8Array(address - start + data.length);
  whole.set(data, address - start);
  return { address: start, data: whole, size: end - start, flags };
}

function segmentHead({ address, data, size, flags }: Placed): Head {
  const fields = { flags, vaddr: address, paddr: address, filesz: data.length, memsz: size };
  return { program: { ...fields, type: SEGMENT_TYPES.LOAD, align: PAGE_SIZE }, data };
}

/** A range of whole pages. */
interface Run {
  start: number;
  end: number;
}

/**
 * The pages to keep: those with content, and those that the unikernel's file has content for, as its notes
 * tell of them. Where there are more runs than there may be, the narrowest gaps between them are kept, too.
 */
function runsOf(
  { segments, portable }: Unikernel,
  { content, most }: { content: SnapshotMemory; most: number },
): Run[] {
  const lowest = portable === undefined ? LOWEST_ADDRESS : WINDOW.end;
  const fixed = segments.filter((segment) => !isData(segment));
  const isFree = (page: number) =>
    page >= lowest && !fixed.some(({ start, end }) => page >= start && page < end);
  const pages = new Set(content.addresses().filter(isFree));
  for (const { address, data } of segments.filter(isData)) {
    for (
      let page = alignDown(address, PAGE_SIZE);
      page < address + data.length;
      page += PAGE_SIZE
    ) {
      pages.add(page);
    }
  }
  const runs: Run[] = [];
  for (const page of [...pages].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last?.end === page) last.end += PAGE_SIZE;
    else runs.push({ start: page, end: page + PAGE_SIZE });
  }
  return merged(runs, { most, fixed });
}

/** At most so many runs, where what lies between any two is free of fixed segments. */
function merged(
  runs: readonly Run[],
  { most, fixed }: { most: number; fixed: readonly Segment[] },
): Run[] {
  if (runs.length <= most) return [...runs];
  const gaps = runs.slice(1).map((run, index) => {
    const { end } = runs[index]!;
    const isBarred = fixed.some((segment) => segment.start < run.start && segment.end > end);
    return { index: index + 1, size: isBarred ? Infinity : run.start - end };
  }).sort((a, b) => a.size - b.size);
  const closed = new Set(
    gaps.slice(0, runs.length - most).filter(({ size }) => size < Infinity)
      .map(({ index }) => index),
  );
  const result: Run[] = [];
  runs.forEach((run, index) => {
    if (closed.has(index)) result.at(-1)!.end = run.end;
    else result.push({ ...run });
  });
  return result;
}

const { INTERP, NOTE, LOAD, TLS, GNU_STACK } = SEGMENT_TYPES;

/** The order of program headers in a file: as linkers write them. */
const ORDER: readonly number[] = [INTERP, NOTE, LOAD, TLS, GNU_STACK];

function rank(type: number | undefined): number {
  return ORDER.indexOf(type!);
}

/** What is no segment: notes, but for that of an earlier snapshot, and what is said of the stack and the like. */
function otherPrograms(elf: ElfFile, mark: { record: number; end: number }): Head[] {
  const earlier = { owner: SNAPSHOT_NOTE_NAME, type: SNAPSHOT_NOTE_TYPE };
  return readPrograms(elf)
    .filter((program) => program.type !== LOAD && ORDER.includes(program.type))
    .filter((program) => findOwnNote(elf, [program], earlier) === undefined)
    .map((program) => {
      const data = programData(elf, program, "elf-note").slice();
      const { index: _, ...fields } = program;
      return { program: fields, data: withMark(elf, program, { data, ...mark }) };
    });
}

/** Tells a portable unikernel's note of the record, and of the end of the memory that it now has. */
function withMark(
  elf: ElfFile,
  program: Program,
  { data, record, end }: { data: Uint8Array; record: number; end: number },
): Uint8Array {
  const note = { owner: PORTABLE_NOTE_NAME, type: PORTABLE_NOTE_TYPE };
  const content = findOwnNote(elf, [program], note);
  if (content === undefined) return data;
  const at = content.byteOffset - elf.bytes.byteOffset - program.offset;
  usize.set(viewOf(data), at + NOTE_MARK, record);
  usize.set(viewOf(data), at + NOTE_APPLICATION + Application.offsets.end, end);
  return data;
}

/** Where segments have gone. */
interface Moved {
  /** End of the file so far. */
  readonly end: number;
  /** The segments whose content has not changed. */
  readonly fixed: readonly Placed[];
  /** Offsets in the file by the segments' addresses. */
  readonly offsets: ReadonlyMap<number, number>;
}

/** The sections of the file, moved behind its segments; they have the same numbers. */
function moveSections(elf: ElfFile, moved: Moved) {
  const sections = readSections(elf);
  const chunks: Chunk[] = [];
  let { end } = moved;
  if (sections.length === 0) return { chunks, end, fields: {} };
  const headers = sections.map((section): Section => {
    if (section.type === SECTION_TYPES.NULL || section.type === SECTION_TYPES.NOBITS) {
      return section;
    }
    if (section.flags & SECTION_FLAGS.ALLOC) return inMemory(section, moved);
    const data = sectionData(elf, section, "a section");
    const offset = alignUp(end, SectionHeader.align);
    chunks.push({ offset, data });
    end = offset + data.length;
    return { ...section, offset };
  });
  const shoff = alignUp(end, SectionHeader.align);
  headers.forEach((header, index) =>
    chunks.push({
      offset: shoff + index * SectionHeader.size,
      data: SectionHeader.encode(header),
    })
  );
  const { shnum, shstrndx } = elf.header;
  end = shoff + shnum * SectionHeader.size;
  return { chunks, end, fields: { shoff, shnum, shstrndx } };
}

/** A section of memory: where its segment is now, or without content where that has changed. */
function inMemory(section: Section, { fixed, offsets }: Moved): Section {
  const { addr, size } = section;
  const segment = fixed.find(({ address, data }) =>
    addr >= address && addr + size <= address + data.length
  );
  const offset = segment && offsets.get(segment.address);
  if (offset === undefined) return { ...section, type: SECTION_TYPES.NOBITS, offset: 0 };
  return { ...section, offset: offset + addr - segment!.address };
}
