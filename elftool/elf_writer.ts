/**
 * ELF executables, written from segments and notes: no sections, no symbols, only as much padding as
 * mapping by pages needs. Object files are written in relocatable.ts.
 *
 * @module
 */
import {
  type Architecture,
  ARCHITECTURES,
  ELF_MAGIC,
  ELF_TYPES,
  ELFCLASS64,
  ELFDATA2LSB,
  ElfHeader,
  EV_CURRENT,
  PN_XNUM,
  ProgramHeader,
  SectionHeader,
  SEGMENT_FLAGS,
  SEGMENT_TYPES,
} from "../abi/elf.ts";
import { alignUp } from "../abi/layout.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";
import { encodeNote, type Note } from "./notes.ts";

/** A segment to write. */
export interface ExecutableSegment {
  /** Where its content begins, at any alignment. */
  readonly address: number;
  /** Its content; may be empty. */
  readonly data: Uint8Array;
  /** Bytes it takes in memory, at least those of its content; the rest is zero. */
  readonly memorySize: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** The parts of an executable. */
export interface Executable {
  readonly architecture: Architecture;
  readonly entry: number;
  /** In any order; written ascending by address, as loaders expect. */
  readonly segments: readonly ExecutableSegment[];
  /** Notes, each with a `PT_NOTE` of its own, in this order. */
  readonly notes?: readonly Note[];
  /** Whether to ask for a stack that cannot be executed. */
  readonly stack?: "non-executable";
  /** Whether segments lie as far apart in the file as in memory, as boot loaders want it. */
  readonly inOnePiece?: boolean;
}

type Program = Parameters<typeof ProgramHeader.encode>[0];

/** A run of bytes and where it goes in the file. */
export interface Chunk {
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * Writes an executable (`ET_EXEC`).
 *
 * A kernel maps whole pages of the file, and neighbours in the file may share a page: a segment
 * that needs zeros around it has to bring them as data, or as `memorySize` where it is writable.
 *
 * @throws {RangeError} if there are more segments and notes than an ELF header can count
 */
export function writeExecutable(executable: Executable): Uint8Array<ArrayBuffer> {
  const { architecture, entry, segments, notes = [], stack, inOnePiece = false } = executable;
  const count = segments.length + notes.length + (stack === undefined ? 0 : 1);
  if (count >= PN_XNUM) throw new RangeError(`an executable with ${count} program headers`);
  const programs: Program[] = [];
  const chunks: Chunk[] = [];
  let end = ElfHeader.size + count * ProgramHeader.size;

  for (const note of notes) {
    const data = encodeNote(note);
    const size = data.length;
    programs.push({ ...NOTE_PROGRAM, offset: end, filesz: size, memsz: size });
    chunks.push({ offset: end, data });
    end += size;
  }
  let distance: number | undefined;
  for (const segment of segments.toSorted((a, b) => a.address - b.address)) {
    const { address, data } = segment;
    // Without content nothing is read from the file: only the offset in the page has to agree.
    const offset = data.length === 0
      ? address % PAGE_SIZE
      : distance === undefined || !inOnePiece
      ? congruent(end, address)
      : address - distance;
    if (data.length > 0) distance ??= address - offset;
    programs.push(segmentProgram(segment, offset));
    if (data.length === 0) continue;
    chunks.push({ offset, data });
    end = offset + data.length;
  }
  if (stack !== undefined) programs.push(STACK_PROGRAM);

  const header = elfHeader({ type: ELF_TYPES.EXEC, architecture, entry, phnum: count });
  const table = programs.map((program, index) => ({
    offset: ElfHeader.size + index * ProgramHeader.size,
    data: ProgramHeader.encode(program),
  }));
  return assemble(end, [{ offset: 0, data: header }, ...table, ...chunks]);
}

const NOTE_PROGRAM: Program = {
  type: SEGMENT_TYPES.NOTE,
  flags: SEGMENT_FLAGS.READ,
  align: 4,
};

const STACK_PROGRAM: Program = {
  type: SEGMENT_TYPES.GNU_STACK,
  flags: SEGMENT_FLAGS.READ | SEGMENT_FLAGS.WRITE,
  align: 16,
};

function segmentProgram(segment: ExecutableSegment, offset: number): Program {
  const { address, data, memorySize } = segment;
  if (memorySize < data.length) {
    throw new RangeError(`segment of ${memorySize} bytes with ${data.length} bytes of content`);
  }
  return {
    type: SEGMENT_TYPES.LOAD,
    flags: (segment.read ? SEGMENT_FLAGS.READ : 0) |
      (segment.write ? SEGMENT_FLAGS.WRITE : 0) |
      (segment.execute ? SEGMENT_FLAGS.EXECUTE : 0),
    offset,
    vaddr: address,
    paddr: address,
    filesz: data.length,
    memsz: memorySize,
    align: PAGE_SIZE,
  };
}

/** The least offset not below `end` that equals the address modulo the page size. */
export function congruent(end: number, address: number): number {
  const offset = alignUp(end, PAGE_SIZE) + address % PAGE_SIZE;
  return offset - PAGE_SIZE >= end ? offset - PAGE_SIZE : offset;
}

/** What differs between the ELF headers that this project writes. */
export interface HeaderFields {
  readonly type: number;
  readonly architecture: Architecture;
  readonly entry?: number;
  readonly phnum?: number;
  readonly shoff?: number;
  readonly shnum?: number;
  readonly shstrndx?: number;
}

/** An ELF header; program headers, where there are any, follow it. */
export function elfHeader(fields: HeaderFields): Uint8Array<ArrayBuffer> {
  return ElfHeader.encode({
    ...fields,
    magic: ELF_MAGIC,
    class: ELFCLASS64,
    data: ELFDATA2LSB,
    identVersion: EV_CURRENT,
    version: EV_CURRENT,
    machine: ARCHITECTURES[fields.architecture],
    ehsize: ElfHeader.size,
    phoff: fields.phnum ? ElfHeader.size : 0,
    phentsize: fields.phnum ? ProgramHeader.size : 0,
    shentsize: fields.shnum ? SectionHeader.size : 0,
  });
}

/** A file of the given size: the chunks at their offsets, zero between them. */
export function assemble(size: number, chunks: readonly Chunk[]): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(size);
  for (const { offset, data } of chunks) file.set(data, offset);
  return file;
}
