/**
 * Packed unikernels: reading the note by which such a Linux executable says what it holds.
 *
 * @module
 */
import * as v from "npm:valibot@^1.5.0";
import { DEVICE_TYPES, type DeviceType } from "../abi/manifest.ts";
import { PACK_NOTE_NAME, PACK_NOTE_TYPE, type PackNote } from "../abi/pack.ts";
import { type ElfFile, readPrograms } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { findOwnNote } from "./notes.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const PackNoteSchema = v.object({
  unikernel: v.string(),
  abi: v.object({ target: v.literal("spt"), version: count }),
  entry: count,
  memory: count,
  commandLine: v.string(),
  devices: v.array(v.object({
    name: v.string(),
    type: v.picklist(Object.keys(DEVICE_TYPES) as DeviceType[]),
    source: v.string(),
    access: v.optional(v.picklist(["rw", "ro"])),
  })),
  executableHeap: v.optional(v.boolean()),
  packedBy: v.optional(v.string()),
});

/**
 * Finds the note of a packed unikernel.
 *
 * @returns undefined if the file has none
 * @throws {ElfError} "elf-note" if the note is damaged
 */
export function readPackNote(elf: ElfFile): PackNote | undefined {
  const note = { owner: PACK_NOTE_NAME, type: PACK_NOTE_TYPE };
  const content = findOwnNote(elf, readPrograms(elf), note);
  return content && decode(content, elf.name);
}

function decode(content: Uint8Array, name: string): PackNote {
  try {
    return v.parse(PackNoteSchema, JSON.parse(new TextDecoder().decode(content)));
  } catch {
    throw new ElfError("elf-note", `${name}: the note of a packed unikernel is damaged`);
  }
}
