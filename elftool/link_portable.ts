/**
 * Portable unikernels with bindings under them, as files: ordinary unikernels of a target, which any
 * tender runs and any debugger reads.
 *
 * Such a file begins with headers of its own. The content of the bindings follows, then the whole file of
 * the portable unikernel, then the symbols of both.
 *
 * @module
 */
import { ELF_TYPES, ElfHeader, PN_XNUM, ProgramHeader, SEGMENT_TYPES } from "../abi/elf.ts";
import { alignUp } from "../abi/layout.ts";
import { NOTE_MFT1 } from "../abi/notes.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";
import { ADOPTED_NOTE } from "../abi/portable.ts";
import { SNAPSHOT_NOTE_NAME, SNAPSHOT_NOTE_TYPE } from "../abi/snapshot.ts";
import type { BindingsImage } from "./bindings_image.ts";
import {
  type ElfFile,
  hex,
  type Program,
  programData,
  readElf,
  readPrograms,
} from "./elf_reader.ts";
import { assemble, type Chunk, congruent, elfHeader } from "./elf_writer.ts";
import { ElfError } from "./error.ts";
import { join } from "./join.ts";
import { joinSections } from "./join_sections.ts";
import { findOwnNote, solo5Program } from "./notes.ts";
import { parseUnikernel } from "./unikernel.ts";

/**
 * Links a portable unikernel for the target of the bindings.
 *
 * @param bytes the unikernel's file
 * @param options `name`: the file's name, for messages
 * @returns the file of a unikernel
 * @throws {ElfError} as `parseUnikernel` and `join` do; "elf-symbols" if the file's sections are broken
 */
export function linkPortable(
  bytes: Uint8Array,
  image: BindingsImage,
  options: { name: string },
): Uint8Array<ArrayBuffer> {
  const { architecture, entry, segments, snapshot } = join(parseUnikernel(bytes, options), image);
  const application = readElf(bytes, options);
  const bindings = readElf(image.file, image);
  const [ofBindings, ofApplication] = [
    bindingsPrograms(bindings),
    applicationPrograms(application),
  ];
  const phnum = ofBindings.length + ofApplication.length;
  if (phnum >= PN_XNUM) {
    throw new ElfError(
      "portable",
      `${options.name}: too many program headers for one file: ${phnum}`,
    );
  }

  if (image.multiboot !== undefined && snapshot !== undefined) {
    throw new ElfError(
      "portable",
      `${options.name}: is a snapshot, and ${image.abi.target} starts no snapshots`,
    );
  }
  // What multiboot loads lies in the file as it does in memory.
  const inOnePiece = image.multiboot !== undefined;
  let distance: number | undefined;
  const offsetOf = (address: number, end: number) => {
    if (!inOnePiece) return congruent(end, address);
    distance ??= address - congruent(end, address);
    return address - distance;
  };
  const chunks: Chunk[] = [];
  let end = ElfHeader.size + phnum * ProgramHeader.size;
  const placed = ofBindings.map((program) => {
    const { type, vaddr, filesz } = program;
    if (filesz === 0) return { ...program, offset: vaddr % PAGE_SIZE };
    const data = type === LOAD
      ? segments.find(({ address }) => address === vaddr)!.data
      : programData(bindings, program, "elf-note");
    const offset = type === LOAD ? offsetOf(vaddr, end) : alignUp(end, NOTE_ALIGN);
    chunks.push({ offset, data });
    end = offset + data.length;
    return { ...program, offset };
  });
  const base = inOnePiece
    ? baseInOnePiece(ofApplication, { end, distance: distance!, name: options.name })
    : alignUp(end, PAGE_SIZE);
  const moved = ofApplication.map((program) => ({ ...program, offset: base + program.offset }));
  const programs = [...placed, ...moved].sort((a, b) => RANK[a.type]! - RANK[b.type]!);
  programs.forEach((program, index) => {
    const offset = ElfHeader.size + index * ProgramHeader.size;
    chunks.push({ offset, data: ProgramHeader.encode(program) });
  });
  const sections = joinSections(application, { base, image: bindings, programs });
  const fields = { type: ELF_TYPES.EXEC, architecture, entry, phnum, ...sections.fields };
  chunks.push({ offset: base, data: bytes }, ...sections.chunks);
  return assemble(sections.end, [...chunks, { offset: 0, data: elfHeader(fields) }]);
}

/** Where the application's file begins in one whose addresses are `distance` above its offsets. */
function baseInOnePiece(
  programs: readonly Program[],
  { end, distance, name }: { end: number; distance: number; name: string },
): number {
  const bases = programs.filter(({ type, filesz }) => type === LOAD && filesz > 0)
    .map(({ vaddr, offset }) => vaddr - offset - distance);
  const [base = alignUp(end, PAGE_SIZE)] = bases;
  if (base > MAX_DISTANCE) {
    const reach = `further above the bindings than ${hex(MAX_DISTANCE)}`;
    throw new ElfError("portable", `${name}: begins ${reach}, too far for a file in one piece`);
  }
  if (base >= end && bases.every((other) => other === base)) return base;
  throw new ElfError(
    "portable",
    `${name}: its segments do not lie in the file as they do in memory`,
  );
}

/** The file is as long as the memory that it is loaded to: this keeps it from being larger than any. */
const MAX_DISTANCE = 0x1000_0000;

/** Alignment of notes in a file, in bytes. */
const NOTE_ALIGN = 4;

const { INTERP, NOTE, LOAD, TLS, GNU_STACK } = SEGMENT_TYPES;

/** The order of program headers in a file: as linkers write them. */
const RANK: Readonly<Record<number, number>> = {
  [INTERP]: 0,
  [NOTE]: 1,
  [LOAD]: 2,
  [TLS]: 3,
  [GNU_STACK]: 4,
};

/** The target's note, what keeps hosts from executing the file, and the segments. */
function bindingsPrograms(elf: ElfFile): Program[] {
  return readPrograms(elf).filter(({ type, memsz }) =>
    memsz > 0 && (type === INTERP || type === NOTE || type === LOAD)
  );
}

/** What stays of an application's own notes. */
const KEPT_NOTES = [{ owner: SNAPSHOT_NOTE_NAME, type: SNAPSHOT_NOTE_TYPE }, ADOPTED_NOTE];

/** The notes of the manifest, a snapshot and an adopted program, and the segments; what made the file portable goes. */
function applicationPrograms(elf: ElfFile): Program[] {
  const programs = readPrograms(elf);
  const manifest = solo5Program(elf, programs, NOTE_MFT1);
  return programs.filter((program) =>
    program === manifest ||
    KEPT_NOTES.some((note) => findOwnNote(elf, [program], note) !== undefined) ||
    [LOAD, TLS, GNU_STACK].some((type) => type === program.type)
  );
}
