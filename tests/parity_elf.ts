/**
 * What Solo5's programs say about files that break a loading rule: each kind of file, the message, and
 * the header that it names. Observed from Solo5's own programs; ours add the rule in their own words.
 *
 * @module
 */
import { ElfHeader } from "../abi/elf.ts";
import { viewOf } from "../abi/layout.ts";
import { ManifestEntry, ManifestHeader } from "../abi/manifest.ts";
import { MANIFEST_NOTE_PADDING, NoteHeader, TARGETS } from "../abi/notes.ts";
import { buildUnikernel, noteAt, PROGRAM, withNote, withProgram } from "./elftool/builder.ts";

/** A file, and what each program says about it, after its name; undefined if the program accepts it. */
export interface BrokenFile {
  readonly bytes: Uint8Array;
  /** What a tender says. */
  readonly tender: string;
  /** What `solo5-elftool query-abi` says. */
  readonly abi?: string;
  /** What `solo5-elftool query-manifest` says. */
  readonly manifest?: string;
}

const INVALID = "invalid executable: ";
const UNSUPPORTED = `${INVALID}invalid or unsupported executable`;
const NOTE_SIZE = " note does not fall within valid size";
const NO_ABI = "No Solo5 ABI information found in executable";
const NO_MANIFEST = "No Solo5 manifest found in executable";

/** A file whose header or notes nothing can be read from. */
function unreadable(bytes: Uint8Array, says: string): BrokenFile {
  return { bytes, tender: says, abi: says, manifest: says };
}

/** A file that cannot be loaded, but whose notes can be read. */
function unloadable(bytes: Uint8Array, says: string): BrokenFile {
  return { bytes, tender: INVALID + says };
}

function badManifest(bytes: Uint8Array): BrokenFile {
  return {
    bytes,
    tender: "Solo5 manifest is invalid",
    manifest: "Manifest validation failed",
  };
}

/** Files by their names, for one target. */
export function brokenFiles(target: "hvt" | "spt"): Record<string, BrokenFile> {
  const base = () => buildUnikernel({ target: TARGETS[target] });
  const header = (values: Parameters<typeof ElfHeader.write>[2]) => {
    const file = base();
    ElfHeader.write(viewOf(file), 0, values);
    return file;
  };
  const program = (
    name: keyof typeof PROGRAM,
    values: Parameters<typeof withProgram>[1],
  ) => withProgram(name, values, base());
  const note = (name: "abi" | "mft", values: Parameters<typeof withNote>[1]) =>
    withNote(name, values, base());
  const manifestAt = (file: Uint8Array) =>
    noteAt("mft", file) + NoteHeader.size + MANIFEST_NOTE_PADDING;
  const manifest = (values: Parameters<typeof ManifestHeader.write>[2]) => {
    const file = base();
    ManifestHeader.write(viewOf(file), manifestAt(file), values);
    return file;
  };
  const entry = (index: number, values: Parameters<typeof ManifestEntry.write>[2]) => {
    const file = base();
    const at = manifestAt(file) + ManifestHeader.size + index * ManifestEntry.size;
    ManifestEntry.write(viewOf(file), at, values);
    return file;
  };
  const version = (number: number) => {
    const file = base();
    viewOf(file).setUint32(noteAt("abi", file) + NoteHeader.size + 4, number, true);
    return file;
  };
  const phdr = (name: keyof typeof PROGRAM) => `phdr[${PROGRAM[name]}]`;
  const noteSize = INVALID + phdr("abi") + NOTE_SIZE;
  const manifestSize = INVALID + phdr("mft") + NOTE_SIZE;
  const wrongTarget = `Executable is not for the solo5-${target} target`;
  return {
    "not_elf": unreadable(header({ magic: 0 }), UNSUPPORTED),
    "short": unreadable(base().subarray(0, 63), INVALID),
    "class": unreadable(header({ class: 1 }), UNSUPPORTED),
    "byte_order": unreadable(header({ data: 2 }), UNSUPPORTED),
    "version": unreadable(header({ version: 2 }), UNSUPPORTED),
    "machine": unreadable(header({ machine: 3 }), UNSUPPORTED),
    "type": unreadable(header({ type: 3 }), UNSUPPORTED),
    "no_programs": unreadable(header({ phnum: 0 }), UNSUPPORTED),
    "programs_outside": unreadable(header({ phoff: 0x10_0000 }), INVALID),
    "other_machine": {
      bytes: header({ machine: Deno.build.arch === "x86_64" ? 183 : 62 }),
      tender: UNSUPPORTED,
    },
    "entry_low": unloadable(header({ entry: 0xf_ffff }), ""),
    "entry_high": unloadable(header({ entry: 2 ** 40 }), ""),
    "larger_than_memory": unloadable(program("data", { memsz: 2 ** 40 }), ""),
    "more_file_than_memory": unloadable(program("data", { memsz: 0xff }), phdr("data")),
    "alignment": unloadable(program("data", { align: 0x1800 }), phdr("data")),
    "not_whole_pages": unloadable(program("data", { align: 0x200 }), phdr("data")),
    "too_low": unloadable(program("text", { vaddr: 0xf_f000 }), phdr("text")),
    "overlap": unloadable(program("data", { vaddr: 0x10_1900 }), phdr("data")),
    "descending": unloadable(program("text", { vaddr: 0x11_0000 }), phdr("data")),
    "wraps": unloadable(program("data", { memsz: 2 ** 64 - 4096 }), phdr("data")),
    "write_and_execute": unloadable(program("data", { flags: 7 }), phdr("data")),
    "note_without_header": unreadable(program("abi", { filesz: 11 }), `${INVALID}${phdr("abi")}`),
    "abi_cut": { bytes: program("abi", { filesz: 35 }), tender: noteSize, abi: noteSize },
    "abi_empty": { bytes: note("abi", { descsz: 0 }), tender: noteSize, abi: noteSize },
    "abi_missing": { bytes: program("abi", { type: 0 }), tender: NO_ABI, abi: NO_ABI },
    "abi_of_another": { bytes: note("abi", { namesz: 5 }), tender: NO_ABI, abi: NO_ABI },
    "manifest_large": {
      bytes: note("mft", { descsz: 6669 }),
      tender: manifestSize,
      manifest: manifestSize,
    },
    "manifest_cut": {
      bytes: note("mft", { descsz: 6668 }),
      tender: manifestSize,
      manifest: manifestSize,
    },
    "manifest_missing": {
      bytes: program("mft", { type: 0 }),
      tender: NO_MANIFEST,
      manifest: NO_MANIFEST,
    },
    "neither": {
      bytes: withProgram("mft", { type: 0 }, program("abi", { type: 0 })),
      tender: NO_ABI,
      abi: NO_ABI,
      manifest: NO_MANIFEST,
    },
    "manifest_version": badManifest(manifest({ version: 2 })),
    "manifest_no_entries": badManifest(manifest({ entries: 0 })),
    "manifest_size": badManifest(manifest({ entries: 2 })),
    "manifest_first": badManifest(entry(0, { type: 1 })),
    "manifest_attached": badManifest(entry(1, { attached: 1 })),
    "manifest_name": badManifest(entry(1, { name: new Uint8Array(68).fill(65) })),
    "version_old": { bytes: version(1), tender: "Executable requests unsupported ABI version 1" },
    "version_new": { bytes: version(3), tender: "Executable requests unsupported ABI version 3" },
    "target_other": { bytes: buildUnikernel({ target: TARGETS.xen }), tender: wrongTarget },
    "target_unknown": {
      bytes: buildUnikernel({ target: 7 }),
      tender: wrongTarget,
      abi: `${INVALID}ABI1 note: target 7`,
    },
  };
}
