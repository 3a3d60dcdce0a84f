/**
 * Packed unikernels: reading the note by which such a Linux executable says what it holds.
 *
 * @module
 */
import * as v from "npm:valibot@^1.5.0";
import { Nhdr, SEGMENT_TYPES } from "../abi/elf.ts";
import { alignUp, viewOf } from "../abi/layout.ts";
import { DEVICE_TYPES, type DeviceType } from "../abi/manifest.ts";
import { PACK_NOTE_NAME, PACK_NOTE_TYPE, type PackNote } from "../abi/pack.ts";
import { type ElfFile, programData, readPrograms } from "./elf_reader.ts";
import { ElfError } from "./error.ts";

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
  for (const program of readPrograms(elf)) {
    if (program.type !== SEGMENT_TYPES.NOTE) continue;
    const content = packContent(programData(elf, program, "elf-note"));
    if (content !== undefined) return decode(content, elf.name);
  }
  return undefined;
}

/** The content of our note, after its header and the owner's name; undefined for another note. */
function packContent(data: Uint8Array): Uint8Array | undefined {
  if (data.length < Nhdr.size) return undefined;
  const { namesz, descsz, type } = Nhdr.read(viewOf(data), 0);
  const owner = new TextEncoder().encode(`${PACK_NOTE_NAME}\0`);
  if (type !== PACK_NOTE_TYPE || namesz !== owner.length) return undefined;
  if (owner.some((byte, index) => data[Nhdr.size + index] !== byte)) return undefined;
  const start = Nhdr.size + alignUp(namesz, 4);
  return data.subarray(start, start + descsz);
}

function decode(content: Uint8Array, name: string): PackNote {
  try {
    return v.parse(PackNoteSchema, JSON.parse(new TextDecoder().decode(content)));
  } catch {
    throw new ElfError("elf-note", `${name}: the note of a packed unikernel is damaged`);
  }
}
