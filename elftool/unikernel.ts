/**
 * Parses the bytes of a unikernel into a value that is valid by construction: every loading rule of
 * spec/solo5-abi.md, section 1, is checked here and nowhere else.
 *
 * @module
 */
import { type Architecture, ElfHeader, SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import { alignDown, alignUp } from "../abi/layout.ts";
import type { Manifest } from "../abi/manifest.ts";
import { ADOPTED_NOTE } from "../abi/portable.ts";
import { LOWEST_ADDRESS, PAGE_SIZE } from "../abi/solo5.ts";
import type { checked } from "./checked.ts";
import {
  type ElfFile,
  fieldHex,
  hex,
  type Program,
  programData,
  programError,
  readElf,
  readPrograms,
} from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { decodeManifest } from "./manifest.ts";
import { type Abi, findOwnNote, readAbi, readManifestNote } from "./notes.ts";
import { type Portable, readPortable } from "./portable.ts";
import { readSnapshotNote, type Snapshot } from "./snapshot_note.ts";

export type { Abi, Architecture, Portable, Snapshot };

/** A loadable segment with content (`PT_LOAD`, `p_filesz` > 0). Addresses are guest-physical = guest-virtual. */
export interface Segment {
  /** Where its content begins (`p_vaddr`). */
  readonly address: number;
  /** Its content: a view into the file, `p_filesz` bytes. */
  readonly data: Uint8Array;
  /** Start of the range that its protection applies to: `address` aligned down to `p_align`. */
  readonly start: number;
  /** End of that range: `address + p_memsz` aligned up to `p_align`; a multiple of the page size. */
  readonly end: number;
  /** Whether the guest may read it. */
  readonly read: boolean;
  /** Whether the guest may write to it; never together with `execute`. */
  readonly write: boolean;
  /** Whether the guest may execute it. */
  readonly execute: boolean;
}

/**
 * A unikernel that satisfies every rule which does not depend on the size of guest memory. Only
 * {@linkcode parseUnikernel} makes one.
 */
export interface Unikernel {
  /** A value that was made by hand is none. */
  readonly [checked]: "unikernel";
  /** The file's name, for messages. */
  readonly name: string;
  /** The architecture that it was built for. */
  readonly architecture: Architecture;
  /** Entry point. */
  readonly entry: number;
  /** Ascending by address, not overlapping, not below 0x100000. */
  readonly segments: readonly Segment[];
  /** The highest segment's end. */
  readonly kernelEnd: number;
  /** The target and version that it was built for; tenders check whether they support them. */
  readonly abi: Abi;
  /** The devices that it declares. */
  readonly manifest: Manifest;
  /** What it says of itself if it is portable: bindings have to be put under it before it can run. */
  readonly portable?: Portable;
  /** What it was made from, if it is a snapshot: it goes on from where its program was then. */
  readonly snapshot?: Snapshot;
  /** Whether it is an adopted program, which takes its command line apart as a shell does. */
  readonly adopted?: true;
  /** The file that it was parsed from: without it, the addresses of a crash have no names. */
  readonly file?: Uint8Array;
  /** Memory that was added to what the file has: that of files (`addFiles`). */
  readonly added?: AddedMemory;
}

/** Memory that was added to a unikernel; it can be read alone. */
export interface AddedMemory extends Pick<Segment, "address" | "data"> {
  /** Whether there were bindings under the unikernel by then, which do not know of it. */
  readonly late: boolean;
}

/** What a unikernel consists of. */
export type UnikernelFields = Omit<Unikernel, typeof checked>;

/**
 * Makes a unikernel of what was read elsewhere than in a unikernel's file.
 *
 * @throws {ElfError} as {@linkcode checkUnikernel}
 */
export function makeUnikernel(fields: UnikernelFields): Unikernel {
  checkUnikernel(fields);
  return fields as Unikernel;
}

/**
 * Checks what memory is made from: the segments lie in ascending order, in pages of their own, with
 * their contents inside, and none is writable and executable.
 *
 * @throws {ElfError} "elf-segment" or "elf-header" if a unikernel that was made by hand, or changed
 * after it was parsed, breaks a rule
 */
export function checkUnikernel({ name, entry, segments, kernelEnd }: UnikernelFields): void {
  let free = LOWEST_ADDRESS;
  for (const segment of segments) {
    const rule = brokenRule(segment, free);
    if (rule !== undefined) {
      throw new ElfError("elf-segment", `${name}: segment at ${hex(segment.address)}: ${rule}`);
    }
    free = segment.end;
  }
  if (!(kernelEnd >= free && kernelEnd % PAGE_SIZE === 0)) {
    throw new ElfError("elf-segment", `${name}: ends at ${hex(kernelEnd)}, not after its segments`);
  }
  if (!(entry >= LOWEST_ADDRESS)) {
    throw new ElfError("elf-header", `${name}: its entry ${hex(entry)} lies outside guest memory`);
  }
}

/** The rule that a segment breaks where memory is free from `free` on; what is not a number breaks one. */
function brokenRule(
  { address, data, start, end, write, execute }: Segment,
  free: number,
): string | undefined {
  if (write && execute) return "writable and executable";
  if (!(start >= free)) return `begins at ${hex(start)}, and memory is free from ${hex(free)}`;
  if (!(address >= start && address + data.length <= end)) {
    return `its content lies outside of ${hex(start)} to ${hex(end)}`;
  }
  if (start % PAGE_SIZE === 0 && end % PAGE_SIZE === 0) return undefined;
  return `${hex(start)} to ${hex(end)} is not made of whole pages`;
}

/**
 * Parses a unikernel.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} if it breaks a rule; the message says which header and which rule
 */
export function parseUnikernel(bytes: Uint8Array, options: { name: string }): Unikernel {
  const { name } = options;
  const elf = readElf(bytes, options);
  const programs = readPrograms(elf);
  const { entry } = elf.header;
  if (entry < LOWEST_ADDRESS || entry > Number.MAX_SAFE_INTEGER) {
    throw new ElfError(
      "elf-header",
      `${name}: ELF header: e_entry 0x${
        elf.view.getBigUint64(ElfHeader.offsets.entry, true).toString(16)
      } lies outside guest memory, which a unikernel may use from ${hex(LOWEST_ADDRESS)}`,
    );
  }
  const segments = readSegments(elf, programs);
  const portable = readPortable(elf, programs);
  const abi: Abi = portable === undefined
    ? readAbi(elf, programs)
    : { target: "any", version: portable.version };
  const manifest = decodeManifest(readManifestNote(elf, programs), options);
  const snapshot = readSnapshotNote(elf, programs);
  const fields: UnikernelFields = {
    name,
    architecture: elf.architecture,
    entry,
    segments,
    kernelEnd: segments.at(-1)?.end ?? 0,
    abi,
    manifest,
    ...(portable === undefined ? {} : { portable }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(findOwnNote(elf, programs, ADOPTED_NOTE) === undefined ? {} : { adopted: true }),
    file: bytes,
  };
  return fields as Unikernel;
}

/**
 * Reads the loadable segments that have content, ascending and not overlapping.
 *
 * @throws {ElfError} "elf-segment" if one breaks a rule, or there is none
 */
export function readSegments(elf: ElfFile, programs: readonly Program[]): Segment[] {
  const segments: Segment[] = [];
  let free = LOWEST_ADDRESS;
  for (const program of programs) {
    // Without content there is nothing to load or to check: .bss may even claim address 0.
    if (program.type !== SEGMENT_TYPES.LOAD || program.filesz === 0) continue;
    const segment = readSegment(elf, program);
    if (segment.start < free) {
      const rule = segments.length === 0
        ? `begins at ${hex(segment.start)}, below ${hex(LOWEST_ADDRESS)}`
        : `begins at ${hex(segment.start)}, before the end of the segment before it, ${hex(free)}`;
      throw programError(elf, program, "elf-segment", rule);
    }
    free = segment.end;
    segments.push(segment);
  }
  if (segments.length === 0) {
    throw new ElfError("elf-segment", `${elf.name}: no loadable segment has any content`);
  }
  return segments;
}

/** Checks one segment by itself. */
function readSegment(elf: ElfFile, program: Program): Segment {
  const { vaddr, filesz, memsz, align, flags } = program;
  const fail = (rule: string) => programError(elf, program, "elf-segment", rule);
  const data = programData(elf, program, "elf-segment");
  const exact = (field: Parameters<typeof fieldHex>[2]) => fieldHex(elf, program, field);
  if (filesz > memsz) {
    throw fail(`p_filesz ${exact("filesz")} is more than p_memsz ${exact("memsz")}`);
  }
  // A logarithm is rounded: that of 2^49 + 1 is 49.
  if (align === 0 || 2 ** Math.round(Math.log2(align)) !== align) {
    throw fail(`p_align ${exact("align")} is not a power of two`);
  }
  const start = alignDown(vaddr, align);
  const end = alignUp(vaddr + memsz, align);
  if (end > Number.MAX_SAFE_INTEGER) throw beyondMemory(elf, program);
  if (start % PAGE_SIZE !== 0 || end % PAGE_SIZE !== 0) {
    throw fail(`${hex(start)} to ${hex(end)} is not made of whole pages; p_align is too small`);
  }
  const read = (flags & SEGMENT_FLAGS.READ) !== 0;
  const write = (flags & SEGMENT_FLAGS.WRITE) !== 0;
  const execute = (flags & SEGMENT_FLAGS.EXECUTE) !== 0;
  if (write && execute) throw fail("writable and executable");
  return { address: vaddr, data, start, end, read, write, execute };
}

/** An error about a segment at impossible addresses. */
export function beyondMemory(elf: ElfFile, program: Program): ElfError {
  const [vaddr, memsz] = [fieldHex(elf, program, "vaddr"), fieldHex(elf, program, "memsz")];
  const rule = `p_vaddr ${vaddr} + p_memsz ${memsz} lies beyond any memory`;
  return programError(elf, program, "elf-segment", rule);
}
