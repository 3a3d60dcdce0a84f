/**
 * ELF notes: reads the two that Solo5 puts into an executable, each with a `PT_NOTE` program header of
 * its own, and encodes any note.
 *
 * @module
 */
import { Nhdr, SEGMENT_TYPES } from "../abi/elf.ts";
import { alignUp, cString, nameOf, viewOf } from "../abi/layout.ts";
import {
  AbiNote,
  MANIFEST_NOTE_MAX,
  MANIFEST_NOTE_PADDING,
  NOTE_ABI1,
  NOTE_MFT1,
  NOTE_MIN_SIZE,
  NOTE_NAME,
  NoteHeader,
  type TargetName,
  TARGETS,
} from "../abi/notes.ts";
import { type ElfFile, type Program, programData, programError } from "./elf_reader.ts";
import { ElfError } from "./error.ts";

/** Which contract a unikernel speaks. */
export interface Abi {
  /** The target that it was built for; any, if bindings are yet to be put under it. */
  readonly target: TargetName | "any";
  /** The version of that target's contract, or of the window's. */
  readonly version: number;
}

/** The contract of one of Solo5's targets. */
export type TargetAbi = Abi & { readonly target: TargetName };

/**
 * Finds the ABI1 note; of several the first is used, whatever comes after it.
 *
 * @throws {ElfError} "elf-note" if a note's sizes do not add up, "no-abi" if there is none, "abi" if
 * the target is not one of Solo5's
 */
export function readAbi(elf: ElfFile, programs: readonly Program[]): TargetAbi {
  const limits = { min: AbiNote.size, max: AbiNote.size };
  const content = findNote(elf, programs, { type: NOTE_ABI1, ...limits });
  if (content !== undefined) return decodeAbi(content, elf.name);
  throw new ElfError("no-abi", `${elf.name}: no ABI1 note: not a Solo5 unikernel`);
}

/**
 * Finds the MFT1 note, whatever comes after it.
 *
 * @returns the manifest, not yet decoded
 * @throws {ElfError} "elf-note" if a note's sizes do not add up, "no-manifest" if there is none
 */
export function readManifestNote(elf: ElfFile, programs: readonly Program[]): Uint8Array {
  const limits = { min: MANIFEST_NOTE_PADDING + 1, max: MANIFEST_NOTE_MAX };
  const content = findNote(elf, programs, { type: NOTE_MFT1, ...limits });
  if (content !== undefined) return content.subarray(MANIFEST_NOTE_PADDING);
  throw new ElfError("no-manifest", `${elf.name}: no MFT1 note: no application manifest`);
}

/** The content of the first note of a type; sizes in bytes. */
function findNote(
  elf: ElfFile,
  programs: readonly Program[],
  { type, min, max }: { type: number; min: number; max: number },
): Uint8Array | undefined {
  for (const program of programs) {
    if (program.type !== SEGMENT_TYPES.NOTE) continue;
    const data = programData(elf, program, "elf-note");
    if (solo5Type(elf, program, data) === type) {
      return noteContent(elf, program, { data, min, max });
    }
  }
  return undefined;
}

/** The first program header with a note of Solo5's of this type. */
export function solo5Program(
  elf: ElfFile,
  programs: readonly Program[],
  type: number,
): Program | undefined {
  return programs.find((program) =>
    program.type === SEGMENT_TYPES.NOTE &&
    solo5Type(elf, program, programData(elf, program, "elf-note")) === type
  );
}

/**
 * The content of the first note of another owner and of a type, as far as it lies inside its header's
 * range; undefined if there is none.
 *
 * @throws {ElfError} "elf-note" if a note lies outside the file
 */
export function findOwnNote(
  elf: ElfFile,
  programs: readonly Program[],
  { owner, type: wanted }: { owner: string; type: number },
): Uint8Array | undefined {
  for (const program of programs) {
    if (program.type !== SEGMENT_TYPES.NOTE) continue;
    const data = programData(elf, program, "elf-note");
    if (data.length < Nhdr.size) continue;
    const { namesz, descsz, type } = Nhdr.read(viewOf(data), 0);
    if (type !== wanted || namesz !== owner.length + 1) continue;
    if (cString(data.subarray(Nhdr.size, Nhdr.size + namesz)) !== owner) continue;
    const start = Nhdr.size + alignUp(namesz, 4);
    return data.subarray(start, start + descsz);
  }
  return undefined;
}

/** The type of a note whose owner is Solo5; undefined for one of another owner. */
function solo5Type(elf: ElfFile, program: Program, data: Uint8Array): number | undefined {
  if (data.length < NOTE_MIN_SIZE) {
    throw noteError(elf, program, `p_filesz is ${data.length}, must be at least ${NOTE_MIN_SIZE}`);
  }
  if (data.length < NoteHeader.size) return undefined;
  const { namesz, type } = NoteHeader.read(viewOf(data), 0);
  if (namesz !== NOTE_NAME.length + 1) return undefined;
  for (let i = 0; i < namesz; i++) {
    // The name's NUL follows the name.
    if (data[NOTE_MIN_SIZE + i] !== (NOTE_NAME.charCodeAt(i) || 0)) return undefined;
  }
  return type;
}

function noteContent(
  elf: ElfFile,
  program: Program,
  note: { data: Uint8Array; min: number; max: number },
): Uint8Array {
  const { data, min, max } = note;
  const { descsz } = NoteHeader.read(viewOf(data), 0);
  if (descsz < min || descsz > max) {
    const range = min === max ? `${min}` : `${min} to ${max}`;
    throw noteError(elf, program, `descsz is ${descsz}, must be ${range}`);
  }
  const end = NoteHeader.size + descsz;
  if (end > data.length) {
    throw noteError(elf, program, `header and descsz ${descsz} exceed p_filesz ${data.length}`);
  }
  return data.subarray(NoteHeader.size, end);
}

function noteError(elf: ElfFile, program: Program, rule: string): ElfError {
  return programError(elf, program, "elf-note", `note does not fall within valid size: ${rule}`);
}

function decodeAbi(content: Uint8Array, name: string): TargetAbi {
  const { target: number, version } = AbiNote.read(viewOf(content), 0);
  const target = nameOf(TARGETS, number);
  if (target === undefined) {
    throw new ElfError(
      "abi",
      `${name}: ABI1 note: target ${number} is not one of Solo5's (1 to 6)`,
    );
  }
  return { target, version };
}

/** An ELF note. */
export interface Note {
  /** Its owner, without NUL. */
  readonly name: string;
  readonly type: number;
  /** Its content. */
  readonly desc: Uint8Array;
}

/** The bytes of a note: header, name and content, the last two padded to 4 bytes. */
export function encodeNote({ name, type, desc }: Note): Uint8Array<ArrayBuffer> {
  const owner = new TextEncoder().encode(`${name}\0`);
  const descAt = Nhdr.size + alignUp(owner.length, 4);
  const bytes = new Uint8Array(descAt + alignUp(desc.length, 4));
  Nhdr.write(viewOf(bytes), 0, { namesz: owner.length, descsz: desc.length, type });
  bytes.set(owner, Nhdr.size);
  bytes.set(desc, descAt);
  return bytes;
}
