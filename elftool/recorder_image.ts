/**
 * The recorder as an image: what logs the system calls of a guest of spt inside of it.
 *
 * @module
 */
import { SEGMENT_FLAGS } from "../abi/elf.ts";
import { programData, readElf, readProgramTable } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { readSymbols } from "./symbols.ts";

/** A recorder, which runs wherever it is put. Its addresses count from its start. */
export interface RecorderImage {
  /** Its code. Below it lies the memory that it shares with the tender. */
  readonly code: Uint8Array;
  /** Where the code begins: the size of what is shared, in bytes. */
  readonly codeAddress: number;
  /** What trampolines call. */
  readonly entry: number;
  /** The instruction after the call that the recorder makes for the guest. */
  readonly made: number;
  /** Where it goes on if it could not read what the guest points at. */
  readonly fault: number;
}

/**
 * Reads a recorder.
 *
 * @throws {ElfError} if the file is damaged, or "program" if it is no recorder
 */
export function readRecorder(bytes: Uint8Array): RecorderImage {
  const elf = readElf(bytes, { name: "recorder" });
  const program = readProgramTable(elf).find(({ flags }) => (flags & SEGMENT_FLAGS.EXECUTE) !== 0);
  const symbols = new Map(readSymbols(bytes, elf).map(({ name, address }) => [name, address]));
  const [entry, made, fault] = ["entry", "made", "fault"]
    .map((name) => symbols.get(`recorder_${name}`));
  if (program === undefined || entry === undefined || made === undefined || fault === undefined) {
    throw new ElfError("program", "recorder: not all of its parts are there");
  }
  const code = programData(elf, program, "elf-segment").slice();
  return { code, codeAddress: program.vaddr, entry, made, fault };
}
