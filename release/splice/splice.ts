/**
 * Gives an executable arguments and variables of its own: they become part of the file, and a few
 * instructions at its entry put them on the stack before those of the user. The kernel sees an ordinary
 * program and copies nothing, so an argument may be as long as a whole script. The same instructions hide
 * the user's variables that are not for this program, refuse to start it if a resource limit is too low,
 * and make relocations faster than the loader does.
 *
 * @module
 */
import {
  type Architecture,
  ELF_TYPES,
  ElfHeader,
  PAGE_SIZES,
  ProgramHeader,
  SEGMENT_FLAGS,
  SEGMENT_TYPES,
} from "../../abi/elf.ts";
import { alignUp, viewOf } from "../../abi/layout.ts";
import { findSymbolSlot, withTables } from "./dynamic.ts";
import { type Program, readElf, readProgramTable } from "../../elftool/elf_reader.ts";
import { assemble } from "../../elftool/elf_writer.ts";
import { type EntryTask, type Prefix, Texts } from "./entry_code.ts";
import { entryAarch64 } from "./entry_aarch64.ts";
import { entryX86 } from "./entry_x86_64.ts";
import { ElfError } from "../../elftool/error.ts";
import type { Part } from "../../linux/assembler.ts";
import { takeRelocations } from "./late_relocations.ts";

/** Writes the instructions for each architecture. */
const ENTRIES: Record<Architecture, (task: EntryTask) => Part[]> = {
  x86_64: entryX86,
  aarch64: entryAarch64,
};

/** The place of the added segment, in the file and in memory. */
interface Place {
  readonly offset: number;
  readonly address: number;
}

/**
 * Splices a prefix into a dynamically linked or static executable.
 *
 * The new segment takes the program header of a note (the build ID, which nothing needs), and follows
 * all others, in the file and in memory.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} "elf-header" if it is not such an executable or has no note to replace, "elf-symbols"
 * if its dynamic section leads outside the file
 */
export function spliceArguments(
  bytes: Uint8Array,
  prefix: Prefix,
  options: { name: string },
): Uint8Array<ArrayBuffer> {
  const elf = readElf(bytes, options);
  const fail = (rule: string) => new ElfError("elf-header", `${options.name}: ${rule}`);
  const { type, phoff, entry } = elf.header;
  if (type !== ELF_TYPES.EXEC && type !== ELF_TYPES.DYN) throw fail("not an executable");
  const programs = readProgramTable(elf);
  const loads = programs.filter((program) => program.type === SEGMENT_TYPES.LOAD);
  const note = programs.findLast((program) => program.type === SEGMENT_TYPES.NOTE);
  const last = loads.at(-1);
  if (note === undefined || last === undefined) throw fail("no program header can be given up");

  const pageSize = PAGE_SIZES[elf.architecture];
  const place = {
    offset: alignUp(bytes.length, pageSize),
    address: alignUp(Math.max(...loads.map(({ vaddr, memsz }) => vaddr + memsz)), pageSize),
  };
  const loader = programs.some((program) => program.type === SEGMENT_TYPES.INTERP);
  const environ = loader ? findSymbolSlot(elf, programs, "environ") : undefined;
  if (loader && environ === undefined && prefix.environment !== undefined) {
    throw fail("has no slot for environ, through which it is given an environment");
  }
  const program = bytes.slice();
  const late = withTables(
    options.name,
    () => takeRelocations(program, { programs, architecture: elf.architecture }),
  );
  const texts = new Texts();
  const task = { prefix, late, environ: environ !== undefined, texts };
  const content = texts.assemble(ENTRIES[elf.architecture](task), {
    entry: entry - place.address,
    base: -place.address,
    ...environ !== undefined && { environ: environ - place.address },
  });
  const result = assemble(place.offset + content.length, [
    { offset: 0, data: program },
    { offset: place.offset, data: content },
  ]);
  const view = viewOf(result);
  ElfHeader.write(view, 0, { entry: place.address });
  const table = withLoad(programs, {
    note,
    last,
    load: segment(place, { size: content.length, align: pageSize }),
  });
  table.forEach((program, index) => {
    ProgramHeader.write(view, phoff + index * ProgramHeader.size, program);
  });
  return result;
}

type Values = Omit<Program, "index">;

function segment(
  { offset, address }: Place,
  { size, align }: { size: number; align: number },
): Values {
  return {
    type: SEGMENT_TYPES.LOAD,
    flags: SEGMENT_FLAGS.READ | SEGMENT_FLAGS.EXECUTE,
    offset,
    vaddr: address,
    paddr: address,
    filesz: size,
    memsz: size,
    align,
  };
}

/** The table without the note, the segment last: loaders require ascending addresses. */
function withLoad(
  programs: readonly Program[],
  { note, last, load }: { note: Program; last: Program; load: Values },
): Values[] {
  return programs.filter((program) => program !== note)
    .flatMap((program) => program === last ? [program, load] : [program]);
}
