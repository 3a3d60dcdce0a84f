/**
 * What a program has in memory when it starts: its loadable segments by address.
 *
 * @module
 */
import { SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import { type ElfFile, type Program, programData, readProgramTable } from "./elf_reader.ts";

/** A loadable segment. Addresses of a position-independent program are those that the file has. */
export interface LoadedSegment {
  readonly address: number;
  /** Its content: a view into the file. What follows in memory is zero. */
  readonly data: Uint8Array;
  readonly write: boolean;
  readonly execute: boolean;
}

/** A program as loaders see it. */
export interface LoadedProgram {
  readonly elf: ElfFile;
  readonly programs: readonly Program[];
  /** Those with content, in the order of the file. */
  readonly segments: readonly LoadedSegment[];
}

/**
 * Reads the segments of a program.
 *
 * @throws {ElfError} "elf-header", "elf-segment" if its headers or segments do not lie inside the file
 */
export function readLoaded(elf: ElfFile): LoadedProgram {
  const programs = readProgramTable(elf);
  const segments = programs
    .filter(({ type, filesz }) => type === SEGMENT_TYPES.LOAD && filesz > 0)
    .map((program) => ({
      address: program.vaddr,
      data: programData(elf, program, "elf-segment"),
      write: (program.flags & SEGMENT_FLAGS.WRITE) !== 0,
      execute: (program.flags & SEGMENT_FLAGS.EXECUTE) !== 0,
    }));
  return { elf, programs, segments };
}

/** The segment whose content has a byte at an address. */
export function segmentAt(
  segments: readonly LoadedSegment[],
  address: number,
): LoadedSegment | undefined {
  for (const segment of segments) {
    const at = address - segment.address;
    if (at >= 0 && at < segment.data.length) return segment;
  }
  return undefined;
}
