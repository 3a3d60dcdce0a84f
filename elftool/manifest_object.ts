/**
 * A manifest as an object file, written without a compiler, ready to be linked into a unikernel.
 *
 * @module
 */
import { type Architecture, SECTION_FLAGS, SECTION_TYPES } from "../abi/elf.ts";
import type { Manifest } from "../abi/manifest.ts";
import { MANIFEST_NOTE_PADDING, NOTE_MFT1, NOTE_NAME, SECTION_MANIFEST } from "../abi/notes.ts";
import { writeRelocatable } from "./relocatable.ts";
import { encodeManifest } from "./manifest.ts";
import { encodeNote, type Note } from "./notes.ts";

/** The symbol that names the manifest note, so that linking two manifests fails. */
const SYMBOL = "solo5_mft1_note";

/** The note that holds a manifest. */
export function manifestNote(manifest: Manifest): Note {
  const encoded = encodeManifest(manifest);
  const desc = new Uint8Array(MANIFEST_NOTE_PADDING + encoded.length);
  desc.set(encoded, MANIFEST_NOTE_PADDING);
  return { name: NOTE_NAME, type: NOTE_MFT1, desc };
}

/** A relocatable ELF file that holds the manifest note. */
export function manifestObject(
  manifest: Manifest,
  architecture: Architecture,
): Uint8Array<ArrayBuffer> {
  const data = encodeNote(manifestNote(manifest));
  const note = {
    name: SECTION_MANIFEST,
    type: SECTION_TYPES.NOTE,
    flags: SECTION_FLAGS.ALLOC,
    align: 4, // Readers of an 8-aligned note expect its content at +24, not at +20.
    data,
  };
  return writeRelocatable({
    architecture,
    sections: [note],
    symbols: [{ name: SYMBOL, section: SECTION_MANIFEST, value: 0, size: data.length }],
  });
}
