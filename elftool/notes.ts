/**
 * The Solo5 notes of an executable: each has a `PT_NOTE` program header of its own.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../abi/elf.ts";
import { viewOf } from "../abi/layout.ts";
import {
  AbiNote,
  MANIFEST_NOTE_MAX,
  MANIFEST_NOTE_PADDING,
  NOTE_ABI1,
  NOTE_MFT1,
  NOTE_MIN_SIZE,
  NOTE_NAME,
  NoteHeader,
  type Target,
  TARGETS,
} from "../abi/notes.ts";
import { type ElfFile, type Program, programData, programError } from "./elf_reader.ts";
import { ElfError } from "./error.ts";

/** Which contract a unikernel speaks. */
export interface Abi {
  readonly target: Target;
  readonly version: number;
}

/** What a unikernel's notes hold. */
export interface Solo5Notes {
  readonly abi: Abi;
  /** The manifest as bytes, not yet decoded. */
  readonly manifest: Uint8Array;
}

/**
 * Finds the ABI1 and MFT1 notes; of two of the same type the first counts.
 *
 * @throws {ElfError} "elf-note" if a note's sizes do not add up, "abi" or "manifest" if the note is
 * missing, "abi" if the target is none of Solo5's
 */
export function readNotes(elf: ElfFile, programs: readonly Program[]): Solo5Notes {
  let abi: Uint8Array | undefined;
  let manifest: Uint8Array | undefined;
  for (const program of programs) {
    if (program.type !== SEGMENT_TYPES.NOTE) continue;
    const data = programData(elf, program, "elf-note");
    const type = solo5Type(elf, program, data);
    if (type === NOTE_ABI1) {
      abi ??= noteContent(elf, program, { data, min: AbiNote.size, max: AbiNote.size });
    } else if (type === NOTE_MFT1) {
      const limits = { min: MANIFEST_NOTE_PADDING + 1, max: MANIFEST_NOTE_MAX };
      manifest ??= noteContent(elf, program, { data, ...limits });
    }
  }
  if (abi === undefined) {
    throw new ElfError("abi", `${elf.name}: no ABI1 note: not a Solo5 unikernel`);
  }
  if (manifest === undefined) {
    throw new ElfError("manifest", `${elf.name}: no MFT1 note: no application manifest`);
  }
  return {
    abi: decodeAbi(abi, elf.name),
    manifest: manifest.subarray(MANIFEST_NOTE_PADDING),
  };
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
    // Past the end of the name comes its NUL.
    if (data[NOTE_MIN_SIZE + i] !== (NOTE_NAME.charCodeAt(i) || 0)) return undefined;
  }
  return type;
}

function noteContent(
  elf: ElfFile,
  program: Program,
  note: { data: Uint8Array; min: number; max: number },
): Uint8Array {
  const { descsz } = NoteHeader.read(viewOf(note.data), 0);
  const max = Math.min(note.max, note.data.length - NoteHeader.size);
  if (descsz < note.min || descsz > max) {
    throw noteError(elf, program, `descsz is ${descsz}, must be ${note.min} to ${max}`);
  }
  return note.data.subarray(NoteHeader.size, NoteHeader.size + descsz);
}

function noteError(elf: ElfFile, program: Program, rule: string): ElfError {
  return programError(elf, program, "elf-note", `note does not fall within valid size: ${rule}`);
}

function decodeAbi(content: Uint8Array, name: string): Abi {
  const { target: number, version } = AbiNote.read(viewOf(content), 0);
  const target = (Object.keys(TARGETS) as Target[]).find((key) => TARGETS[key] === number);
  if (target === undefined) {
    throw new ElfError("abi", `${name}: ABI1 note: target ${number} is none of Solo5's (1 to 6)`);
  }
  return { target, version };
}
