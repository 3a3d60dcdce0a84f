/**
 * The notes that make an ELF file a Solo5 unikernel: which contract it speaks (ABI1) and which
 * devices it wants (MFT1). Source: spec/solo5-abi.md, section 1.
 *
 * @module
 */
import { struct, u32 } from "./layout.ts";
import { ManifestEntry, ManifestHeader, MAX_ENTRIES } from "./manifest.ts";

/** Owner name of every Solo5 note, without its NUL. */
export const NOTE_NAME = "Solo5";

/** Type of the note that names the target ABI: "ABI1" in memory order. */
export const NOTE_ABI1 = 0x31494241;
/** Type of the note that holds the application manifest: "MFT1" in memory order. */
export const NOTE_MFT1 = 0x3154464d;

/** Section of the ABI note in a linked unikernel. */
export const SECTION_ABI = ".note.solo5.abi";
/** Section of the manifest note in a linked unikernel. */
export const SECTION_MANIFEST = ".note.solo5.manifest";
/** Section of the note that keeps OpenBSD's kernel from running the file. */
export const SECTION_NOT_OPENBSD = ".note.solo5.not_openbsd";
/** What `PT_INTERP` names, so that no host kernel runs a unikernel by mistake. */
export const INTERPRETER = "/nonexistent/solo5/";

/** The header of a Solo5 note: three words, then the name padded to 8 bytes; 20 bytes. */
export const NoteHeader = struct({ namesz: u32, descsz: u32, type: u32 }, { size: 20 });

/** Smallest note that has a header at all, in bytes (ELF gABI). */
export const NOTE_MIN_SIZE = 12;

/** Content of the ABI1 note, right after its header. */
export const AbiNote = struct({ target: u32, version: u32, reserved0: u32, reserved1: u32 });

/** Padding between a MFT1 note's header and the manifest, so that the manifest is 8-aligned. */
export const MANIFEST_NOTE_PADDING = 4;

/** Largest content of a MFT1 note: padding, header and 64 entries, in bytes (6668). */
export const MANIFEST_NOTE_MAX = MANIFEST_NOTE_PADDING + ManifestHeader.size +
  MAX_ENTRIES * ManifestEntry.size;

/** ABI numbers of the targets. */
export const TARGETS = { hvt: 1, spt: 2, virtio: 3, muen: 4, genode: 5, xen: 6 } as const;

/** The name of a target of Solo5; there is no tender here for some of them. */
export type TargetName = keyof typeof TARGETS;

/** The ABI version that this implementation speaks, by target. */
export const ABI_VERSION = { hvt: 2, spt: 2, virtio: 1 } as const;
