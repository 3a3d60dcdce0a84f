/**
 * The personality as an image: what answers the system calls of an adopted program.
 *
 * @module
 */
import { SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import { hex, programData, readElf, readProgramTable } from "./elf_reader.ts";
import type { ExecutableSegment } from "./elf_writer.ts";
import { ElfError } from "./error.ts";
import { readSymbols } from "./symbols.ts";

/** A personality, which runs wherever it is put. Its addresses count from its start. */
export interface PersonalityImage {
  readonly segments: readonly ExecutableSegment[];
  /** In bytes. */
  readonly size: number;
  /** What trampolines call. */
  readonly entry: number;
  /** `solo5_app_main`. */
  readonly main: number;
  /** Where it is told of the program. */
  readonly program: number;
}

/**
 * Reads a personality.
 *
 * @throws {ElfError} if the file is damaged, or "program" if it is no personality
 */
export function readPersonality(bytes: Uint8Array): PersonalityImage {
  const elf = readElf(bytes, { name: "personality" });
  const segments = readProgramTable(elf)
    .filter(({ type, memsz }) => type === SEGMENT_TYPES.LOAD && memsz > 0)
    .map((program) => ({
      address: program.vaddr,
      data: programData(elf, program, "elf-segment"),
      memorySize: program.memsz,
      read: true,
      write: (program.flags & SEGMENT_FLAGS.WRITE) !== 0,
      execute: (program.flags & SEGMENT_FLAGS.EXECUTE) !== 0,
    }));
  const symbols = new Map(readSymbols(bytes, elf).map(({ name, address }) => [name, address]));
  const addressOf = (name: string) => {
    const address = symbols.get(name);
    if (address !== undefined) return address;
    throw new ElfError("program", `personality: no symbol ${name} in ${hex(bytes.length)} bytes`);
  };
  return {
    segments,
    size: Math.max(...segments.map(({ address, memorySize }) => address + memorySize)),
    entry: addressOf("personality_entry"),
    main: addressOf("solo5_app_main"),
    program: addressOf("personality_program"),
  };
}
