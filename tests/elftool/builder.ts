/**
 * A small valid unikernel to break: each test changes one field of it.
 *
 * @module
 */
import { ElfHeader, ProgramHeader } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import type { Manifest } from "../../abi/manifest.ts";
import { AbiNote, NOTE_ABI1, NOTE_MFT1, NOTE_NAME, NoteHeader } from "../../abi/notes.ts";
import { writeExecutable } from "../../elftool/elf_writer.ts";
import { encodeManifest } from "../../elftool/manifest.ts";

/** Where each program header of {@linkcode buildUnikernel} is in the table. */
export const PROGRAM = { abi: 0, mft: 1, text: 2, data: 3, bss: 4 } as const;
type ProgramName = keyof typeof PROGRAM;

/** The devices of {@linkcode buildUnikernel}. */
export const MANIFEST: Manifest = {
  devices: [{ name: "disk0", type: "BLOCK_BASIC" }, { name: "net0", type: "NET_BASIC" }],
};

/** A unikernel that no tender objects to, for spt unless another target is given. */
export function buildUnikernel(options: { target?: number; manifest?: Manifest } = {}): Uint8Array {
  const manifest = encodeManifest(options.manifest ?? MANIFEST);
  const mft = new Uint8Array(4 + manifest.length);
  mft.set(manifest, 4);
  return writeExecutable({
    architecture: "x86_64",
    entry: 0x10_0010,
    segments: [
      segment(0x10_0000, { size: 0x1800, execute: true }),
      segment(0x10_2000, { size: 0x100, memorySize: 0x1100, write: true }),
      segment(0x10_4000, { size: 0, memorySize: 0x1000, write: true }),
    ],
    notes: [
      {
        name: NOTE_NAME,
        type: NOTE_ABI1,
        desc: AbiNote.encode({ target: options.target ?? 2, version: 2 }),
      },
      { name: NOTE_NAME, type: NOTE_MFT1, desc: mft },
    ],
  });
}

function segment(
  address: number,
  fields: { size: number; memorySize?: number; write?: boolean; execute?: boolean },
) {
  const { size, memorySize = size, write = false, execute = false } = fields;
  const data = Uint8Array.from({ length: size }, (_, index) => index * 7);
  return { address, data, memorySize, read: true, write, execute };
}

type HeaderValues = Parameters<typeof ElfHeader.write>[2];
type ProgramValues = Parameters<typeof ProgramHeader.write>[2];
type NoteValues = Parameters<typeof NoteHeader.write>[2];

/** The file with fields of its ELF header changed. */
export function withHeader(values: HeaderValues): Uint8Array {
  const file = buildUnikernel();
  ElfHeader.write(viewOf(file), 0, values);
  return file;
}

/** The file with fields of one program header changed. */
export function withProgram(
  name: ProgramName,
  values: ProgramValues,
  file: Uint8Array = buildUnikernel(),
): Uint8Array {
  ProgramHeader.write(viewOf(file), programAt(name), values);
  return file;
}

/** The file with fields of one note's header changed. */
export function withNote(
  name: "abi" | "mft",
  values: NoteValues,
  file: Uint8Array = buildUnikernel(),
): Uint8Array {
  NoteHeader.write(viewOf(file), noteAt(name, file), values);
  return file;
}

/** Where a note's header lies in the file. */
export function noteAt(name: "abi" | "mft", file: Uint8Array): number {
  return ProgramHeader.read(viewOf(file), programAt(name)).offset;
}

/** Where a program header lies in the file. */
export function programAt(name: ProgramName): number {
  return ElfHeader.size + PROGRAM[name] * ProgramHeader.size;
}
