/**
 * What a snapshot says of itself: what it was made from, and what it needs of the host that starts it.
 *
 * @module
 */
import { cString, viewOf } from "../abi/layout.ts";
import { ManifestEntry, ManifestHeader, MAX_ENTRIES } from "../abi/manifest.ts";
import {
  SNAPSHOT_NOTE_NAME,
  SNAPSHOT_NOTE_TYPE,
  SNAPSHOT_VERSION,
  SnapshotNote,
} from "../abi/snapshot.ts";
import { type ElfFile, hex, type Program } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { findOwnNote, type Note } from "./notes.ts";

/** What a snapshot was made from. */
export interface Snapshot {
  /** Name of the file of the unikernel that ran. */
  readonly of: string;
  /** Guest memory that it had, in bytes; a start takes as much. */
  readonly memory: number;
  /** What the devices that its program has acquired were like, by their handles. */
  readonly devices: ReadonlyMap<number, SnapshotDevice>;
  /**
   * The CPU's features that its program may have chosen its code by, as `/proc/cpuinfo` names them; none if it
   * has no instruction to ask for them.
   */
  readonly cpu: readonly string[];
}

/** An acquired device, as its program saw it. */
export interface SnapshotDevice {
  /** What the manifest calls it. */
  readonly name: string;
  /** The fields of its manifest entry; which of them count depends on its kind. */
  readonly fields: Readonly<Record<string, number | bigint | Uint8Array>>;
}

/** What {@linkcode snapshotNote} is made from. */
export interface SnapshotFacts extends Pick<Snapshot, "of" | "memory" | "cpu"> {
  /** The set of acquired devices; bit = handle. */
  readonly acquired: bigint;
  /** The manifest, with the devices attached. */
  readonly manifest: Uint8Array;
}

/** Encodes the note of a snapshot. */
export function snapshotNote({ of, memory, cpu, acquired, manifest }: SnapshotFacts): Note {
  const texts = new TextEncoder().encode([of, ...cpu].join("\0"));
  const desc = new Uint8Array(SnapshotNote.size + manifest.length + texts.length);
  const manifestSize = manifest.length;
  const fields = { version: SNAPSHOT_VERSION, manifestSize, memory, acquired };
  SnapshotNote.write(viewOf(desc), 0, fields);
  desc.set(manifest, SnapshotNote.size);
  desc.set(texts, SnapshotNote.size + manifest.length);
  return { name: SNAPSHOT_NOTE_NAME, type: SNAPSHOT_NOTE_TYPE, desc };
}

/**
 * Finds the note of a snapshot.
 *
 * @returns undefined if the file has no such note
 * @throws {ElfError} "elf-note" if the note is damaged, or of another version
 */
export function readSnapshotNote(
  elf: ElfFile,
  programs: readonly Program[],
): Snapshot | undefined {
  const note = { owner: SNAPSHOT_NOTE_NAME, type: SNAPSHOT_NOTE_TYPE };
  const content = findOwnNote(elf, programs, note);
  return content && decode(content, elf.name);
}

function decode(content: Uint8Array, name: string): Snapshot {
  const fail = (rule: string) =>
    new ElfError("elf-note", `${name}: the note of a snapshot is damaged: ${rule}`);
  if (content.length < SnapshotNote.size) throw fail(`it is ${content.length} bytes long`);
  const { version, manifestSize, memory, acquired } = SnapshotNote.read(viewOf(content), 0);
  if (version !== SNAPSHOT_VERSION) {
    throw new ElfError(
      "elf-note",
      `${name}: is a snapshot of version ${version}, and version ${SNAPSHOT_VERSION} is known here`,
    );
  }
  if (!Number.isSafeInteger(memory)) throw fail(`${hex(memory)} bytes of memory`);
  const entries = (manifestSize - ManifestHeader.size) / ManifestEntry.size;
  if (!(Number.isInteger(entries) && entries >= 1 && entries <= MAX_ENTRIES)) {
    throw fail(`a manifest of ${manifestSize} bytes`);
  }
  const end = SnapshotNote.size + manifestSize;
  if (end > content.length) throw fail("its manifest is cut off");
  if (acquired >> BigInt(entries) !== 0n || acquired & 1n) {
    throw fail("devices that the manifest does not have");
  }
  const devices = new Map<number, SnapshotDevice>();
  for (let handle = 1; handle < entries; handle++) {
    if ((acquired >> BigInt(handle) & 1n) === 0n) continue;
    const at = SnapshotNote.size + ManifestHeader.size + handle * ManifestEntry.size;
    const fields = ManifestEntry.read(viewOf(content), at);
    devices.set(handle, { name: cString(fields.name), fields });
  }
  const [of = "", ...cpu] = new TextDecoder().decode(content.subarray(end)).split("\0");
  return { of, memory, devices, cpu };
}
