/**
 * Small portable unikernels, and bindings to put under them, made without a compiler.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import type { Architecture } from "../../abi/elf.ts";
import type { Manifest } from "../../abi/manifest.ts";
import { AbiNote, NOTE_ABI1, NOTE_MFT1, NOTE_NAME } from "../../abi/notes.ts";
import {
  Application,
  PORTABLE_NOTE_NAME,
  PORTABLE_NOTE_SIZE,
  PORTABLE_NOTE_TYPE,
  PROGRAM_SIZE,
  WINDOW,
  WINDOW_MAGIC,
  WindowHeader,
} from "../../abi/portable.ts";
import { type ExecutableSegment, writeExecutable } from "../../elftool/elf_writer.ts";
import { encodeManifest } from "../../elftool/manifest.ts";
import type { Note } from "../../elftool/notes.ts";

/** Values for the fields of a portable unikernel's note. */
export type ApplicationValues = Parameters<typeof Application.encode>[0];

/** What {@linkcode buildPortable} makes; all but the segments has a value that is right for any. */
export interface PortableOptions {
  readonly segments?: readonly ExecutableSegment[];
  readonly application?: ApplicationValues;
  readonly version?: number;
  /** Of the note's content that there is, in bytes. */
  readonly noteSize?: number;
  readonly architecture?: Architecture;
  readonly manifest?: Manifest;
}

/** A segment whose bytes tell where they are. */
export function segment(
  address: number,
  fields: { size: number; memorySize?: number; read?: boolean; write?: boolean; execute?: boolean },
): ExecutableSegment {
  const { size, memorySize = size, read = true, write = false, execute = false } = fields;
  const data = Uint8Array.from({ length: size }, (_, index) => (address >> 8) + index * 7);
  return { address, data, memorySize, read, write, execute };
}

const SEGMENTS = [
  segment(0x20_0000, { size: 0x1800, execute: true }),
  segment(0x20_2000, { size: 0x300 }),
  segment(0x20_3000, { size: 0x100, memorySize: 0x1100, write: true }),
];

/** A portable unikernel. */
export function buildPortable(options: PortableOptions = {}): Uint8Array<ArrayBuffer> {
  const { segments = SEGMENTS, version = 1, architecture = "x86_64" } = options;
  const manifest = encodeManifest(options.manifest ?? { devices: [] });
  const mft = new Uint8Array(4 + manifest.length);
  mft.set(manifest, 4);
  const main = segments.find(({ execute }) => execute)?.address ?? 0;
  const end = Math.max(...segments.map(({ address, memorySize }) => address + memorySize));
  const whole = new Uint8Array(PORTABLE_NOTE_SIZE);
  const desc = whole.subarray(0, options.noteSize);
  viewOf(whole).setUint32(0, version, true);
  Application.write(viewOf(whole), 4, { main, end, tlsAlign: 8, ...options.application });
  return writeExecutable({
    architecture,
    entry: WINDOW.start,
    segments,
    notes: [
      { name: PORTABLE_NOTE_NAME, type: PORTABLE_NOTE_TYPE, desc },
      { name: NOTE_NAME, type: NOTE_MFT1, desc: mft },
    ],
    stack: "non-executable",
  });
}

/** What {@linkcode buildImage} makes. */
export interface ImageOptions {
  readonly header?: Parameters<typeof WindowHeader.encode>[0];
  readonly segments?: readonly ExecutableSegment[];
  readonly entry?: number;
  readonly notes?: readonly Note[];
  /** A multiboot header. */
  readonly multiboot?: Uint8Array;
}

/** Where bindings of {@linkcode buildImage} are told of the program. */
export const PROGRAM_PLACE = 0x10_2040;

/** Where the multiboot header of {@linkcode buildVirtioImage} is. */
const MULTIBOOT_PLACE = 0x10_0400;

/** Bindings for virtio, which multiboot loads. */
export function buildVirtioImage(): Uint8Array<ArrayBuffer> {
  const [magic, flags] = [0x1bad_b002, 0x1_0000];
  const header = new Uint32Array([
    magic,
    flags,
    2 ** 32 - magic - flags,
    MULTIBOOT_PLACE,
    WINDOW.start,
    0,
    0,
    0x10_0800,
  ]);
  const abi = AbiNote.encode({ target: 3, version: 1 });
  return buildImage({
    multiboot: new Uint8Array(header.buffer),
    notes: [{ name: NOTE_NAME, type: NOTE_ABI1, desc: abi }],
  });
}

/** Bindings for spt. */
export function buildImage(options: ImageOptions = {}): Uint8Array<ArrayBuffer> {
  const text = segment(WINDOW.start, { size: 0x1100, execute: true });
  WindowHeader.write(viewOf(text.data), 0, {
    magic: WINDOW_MAGIC,
    version: 1,
    oldest: 1,
    program: PROGRAM_PLACE,
    ...options.header,
  });
  text.data.set(options.multiboot ?? [], MULTIBOOT_PLACE - WINDOW.start);
  const abi = AbiNote.encode({ target: 2, version: 2 });
  return writeExecutable({
    architecture: "x86_64",
    entry: options.entry ?? 0x10_0800,
    segments: options.segments ?? [
      text,
      segment(0x10_2000, { size: 0x100 + PROGRAM_SIZE }),
      segment(0x10_3000, { size: 0x10, memorySize: 0x80, write: true }),
    ],
    notes: options.notes ?? [{ name: NOTE_NAME, type: NOTE_ABI1, desc: abi }],
  });
}
