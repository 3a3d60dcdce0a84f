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
  const { name } = options;
  const { architecture, entry, segments, snapshot } = join(parseUnikernel(bytes, options), image);
  if (image.multiboot !== undefined && snapshot !== undefined) {
    const message = `${name}: is a snapshot, and ${image.abi.target} starts no snapshots`;
    throw new ElfError("portable", message);
  }
  const application = readElf(bytes, options);
  const bindings = readElf(image.file, image);
  const ofBindings = bindingsPrograms(bindings);
  const ofApplication = applicationPrograms(application);
  const phnum = ofBindings.length + ofApplication.length;
  if (phnum >= PN_XNUM) {
    throw new ElfError("portable", `${name}: too many program headers for one file: ${phnum}`);
  }
  const placed = placeBindings(ofBindings, {
    contentOf: (program) =>
      program.type === LOAD
        ? segments.find(({ address }) => address === program.vaddr)!.data
        : programData(bindings, program, "elf-note"),
    start: ElfHeader.size + phnum * ProgramHeader.size,
    // What multiboot loads lies in the file as it does in memory.
    inOnePiece: image.multiboot !== undefined,
  });
  const { distance, end } = placed;
  const base = distance === undefined
    ? alignUp(end, PAGE_SIZE)
    : baseInOnePiece(ofApplication, { end, distance, name });
  const moved = ofApplication.map((program) => ({ ...program, offset: base + program.offset }));
  const programs = [...placed.programs, ...moved].sort((a, b) => RANK[a.type]! - RANK[b.type]!);
  const headers = programs.map((program, index) => ({
    offset: ElfHeader.size + index * ProgramHeader.size,
    data: ProgramHeader.encode(program),
  }));
  const sections = joinSections(application, { base, image: bindings, programs });
  const fields = { type: ELF_TYPES.EXEC, architecture, entry, phnum, ...sections.fields };
  return assemble(sections.end, [
    ...placed.chunks,
    ...headers,
    { offset: base, data: bytes },
    ...sections.chunks,
    { offset: 0, data: elfHeader(fields) },
  ]);
}

/** The bindings in a file. */
interface PlacedBindings {
  /** Their program headers, with offsets in the file. */
  readonly programs: readonly Program[];
  readonly chunks: readonly Chunk[];
  /** Where they end, in bytes. */
  readonly end: number;
  /** In a file in one piece, how far addresses are above offsets. */
  readonly distance: number | undefined;
}

/** Gives the bindings their places, from `start` on. */
function placeBindings(
  programs: readonly Program[],
  { contentOf, start, inOnePiece }: {
    contentOf: (program: Program) => Uint8Array;
    start: number;
    inOnePiece: boolean;
  },
): PlacedBindings {
  const chunks: Chunk[] = [];
  let end = start;
  let distance: number | undefined;
  const loadedAt = (address: number) => {
    if (!inOnePiece) return congruent(end, address);
    distance ??= address - congruent(end, address);
    return address - distance;
  };
  const placed = programs.map((program) => {
    const { type, vaddr, filesz } = program;
    if (filesz === 0) return { ...program, offset: vaddr % PAGE_SIZE };
    const offset = type === LOAD ? loadedAt(vaddr) : alignUp(end, NOTE_ALIGN);
    const data = contentOf(program);
    chunks.push({ offset, data });
    end = offset + data.length;
    return { ...program, offset };
  });
  return { programs: placed, chunks, end, distance };
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
