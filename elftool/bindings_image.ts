/**
 * Bindings as an image: linked without an application, to be put under portable unikernels.
 *
 * @module
 */
import { type Architecture, SEGMENT_TYPES } from "../abi/elf.ts";
import { viewOf } from "../abi/layout.ts";
import {
  ENTRIES,
  ENTRY_SLOTS,
  PROGRAM_SIZE,
  WINDOW,
  WINDOW_MAGIC,
  WindowHeader,
} from "../abi/portable.ts";
import { hex, readElf, readPrograms } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { findHeader, MultibootHeader } from "./multiboot.ts";
import { readAbi, type TargetAbi } from "./notes.ts";
import { readSegments, type Segment } from "./unikernel.ts";

/** Bindings that fit into the window: a plain value. */
export interface Bindings {
  /** The file's name, for messages. */
  readonly name: string;
  /** The architecture that they were built for. */
  readonly architecture: Architecture;
  /** Entry point of every unikernel that they are put under. */
  readonly entry: number;
  /** The target that they make a unikernel for. */
  readonly abi: TargetAbi;
  /** Ascending by address, all of them inside of the window. */
  readonly segments: readonly Segment[];
  /** The versions of the window's contract that they serve. */
  readonly versions: { readonly oldest: number; readonly newest: number };
  /** Address of the structure that tells them of the program; it lies in the content of a segment. */
  readonly program: number;
  /** Addresses of the fields of their multiboot header that tell where a unikernel ends, if they have one. */
  readonly multiboot?: { readonly loadEnd: number; readonly end: number };
}

/** Bindings with the file that they were read from, and so with their symbols. */
export interface BindingsImage extends Bindings {
  readonly file: Uint8Array;
}

/**
 * Reads bindings.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} if the file breaks a rule of unikernels, or "portable" if it does not fit into the
 * window
 */
export function readBindingsImage(bytes: Uint8Array, options: { name: string }): BindingsImage {
  const { name } = options;
  const elf = readElf(bytes, options);
  const programs = readPrograms(elf);
  const segments = readSegments(elf, programs);
  const fail = (rule: string) => new ElfError("portable", `${name}: bindings: ${rule}`);
  const start = hex(WINDOW.start);
  for (const { type, vaddr, memsz } of programs) {
    // Zeroed memory is no segment.
    if (type !== SEGMENT_TYPES.LOAD || vaddr + memsz <= WINDOW.end) continue;
    throw fail(`reach to ${hex(vaddr + memsz)}, and the window ends at ${hex(WINDOW.end)}`);
  }
  const [first] = segments;
  const slots = ENTRY_SLOTS.start + ENTRIES.length * ENTRY_SLOTS.step - WINDOW.start;
  if (first!.address !== WINDOW.start || first!.data.length < slots || !first!.execute) {
    throw fail(`have no entry points at ${start}`);
  }
  const { magic, version, oldest, program } = WindowHeader.read(viewOf(first!.data), 0);
  if (magic !== WINDOW_MAGIC) throw fail(`do not begin with the window's header at ${start}`);
  if (!contentAt(segments, program)) {
    throw fail(`tell of no place for the program: ${hex(program)}`);
  }
  const { entry } = elf.header;
  if (
    !segments.some(({ address, data, execute }) =>
      execute && entry >= address && entry < address + data.length
    )
  ) {
    throw fail(`begin at ${hex(entry)}, outside of their code`);
  }
  const header = findHeader(first!.data);
  const field = (name: "loadEnd" | "end") =>
    first!.address + header!.offset + MultibootHeader.offsets[name];
  return {
    name,
    architecture: elf.architecture,
    entry,
    abi: readAbi(elf, programs),
    segments,
    versions: { oldest, newest: version },
    program,
    ...(header && { multiboot: { loadEnd: field("loadEnd"), end: field("end") } }),
    file: bytes,
  };
}

/** The segment whose content has the whole structure that tells of the program. */
function contentAt(segments: readonly Segment[], program: number): Segment | undefined {
  return segments.find(({ address, data }) =>
    program >= address && program + PROGRAM_SIZE <= address + data.length
  );
}
