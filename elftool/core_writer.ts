/**
 * Core files of one thread and one range of memory: everything that precedes the memory.
 *
 * @module
 */
import {
  type Architecture,
  ELF_TYPES,
  ElfHeader,
  ProgramHeader,
  SEGMENT_FLAGS,
  SEGMENT_TYPES,
} from "../abi/elf.ts";
import { alignUp } from "../abi/layout.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";
import { assemble, elfHeader } from "./elf_writer.ts";
import { encodeNote, type Note } from "./notes.ts";

/** What a core file describes. */
export interface Core {
  readonly architecture: Architecture;
  readonly note: Note;
  /** Size of the memory in bytes, which begins at address 0. */
  readonly memorySize: number;
}

const { READ, WRITE, EXECUTE } = SEGMENT_FLAGS;

/** The beginning of a core file, in whole pages; the memory follows it. */
export function coreHead({ architecture, note, memorySize }: Core): Uint8Array<ArrayBuffer> {
  const programs = 2;
  const noteAt = ElfHeader.size + programs * ProgramHeader.size;
  const data = encodeNote(note);
  const memoryAt = alignUp(noteAt + data.length, PAGE_SIZE);
  const noteProgram = ProgramHeader.encode({
    type: SEGMENT_TYPES.NOTE,
    offset: noteAt,
    filesz: data.length,
    align: 4,
  });
  const memoryProgram = ProgramHeader.encode({
    type: SEGMENT_TYPES.LOAD,
    flags: READ | WRITE | EXECUTE,
    offset: memoryAt,
    filesz: memorySize,
    memsz: memorySize,
    align: PAGE_SIZE,
  });
  return assemble(memoryAt, [
    { offset: 0, data: elfHeader({ type: ELF_TYPES.CORE, architecture, phnum: programs }) },
    { offset: ElfHeader.size, data: noteProgram },
    { offset: ElfHeader.size + ProgramHeader.size, data: memoryProgram },
    { offset: noteAt, data },
  ]);
}
