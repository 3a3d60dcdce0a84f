/**
 * Verifying packed files: the guest of a file is read from it and compiled again. The result
 * differs wherever somebody has changed the file, or where another version wrote it.
 *
 * @module
 */
import { ProgramHeader, SEGMENT_TYPES } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import type { PackNote } from "../../abi/pack.ts";
import { MEMORY_START } from "../../abi/spt.ts";
import { type ElfFile, readElf, readPrograms } from "../../elftool/elf_reader.ts";
import { readPackNote } from "../../elftool/packed.ts";
import { printable } from "../../elftool/printable.ts";
import { disassembleBpf } from "../../linux/disassemble_bpf.ts";
import { LINUX, type LinuxAbi, SockFilter } from "../../linux/syscalls.ts";
import { TenderError } from "../error.ts";
import { compileImage } from "./compile.ts";
import type { DeviceCompiler } from "./devices.ts";
import { NAME_SLOT, Record, RECORDS_SLOT } from "./page.ts";
import { encodeImage } from "./start.ts";
import { launchFilter, launchPage, launchRecords, unpack } from "./unpack.ts";

/** The parts of a packed file; what belongs to no other part is the rest. */
export type PackedPart =
  | "headers"
  | "entry"
  | "note"
  | "boot area"
  | "launch code"
  | "launch steps"
  | "filter"
  | "rest of the file";

/** The result of a verification. */
export interface Verdict {
  /**
   * `known`: this version writes exactly this file. `tampered`: it does not, but the note says that
   * this version wrote it. `unknown`: another version wrote it, or the note does not say which.
   */
  readonly is: "known" | "tampered" | "unknown";
  /** The version that the note names. */
  readonly packedBy?: string;
  /** The parts that this version writes in the same way. */
  readonly known: readonly PackedPart[];
  /** The parts that it writes in another way. */
  readonly differing: readonly PackedPart[];
  /** Why nothing can be compared: the file contains no valid guest. */
  readonly fault?: string;
}

/** What no verification can tell. */
export const NOT_JUDGED =
  "the unikernel's own code and data, and whether it was given what it should be";

/** A packed file, parsed. */
interface PackedFile {
  readonly elf: ElfFile;
  readonly note: PackNote;
  readonly linux: LinuxAbi;
}

/** How to verify a file. */
export interface VerifyOptions {
  /** The file's name, for messages. */
  readonly name: string;
  /** This version. */
  readonly version: string;
  /** Compiles devices of every type. */
  readonly devices: DeviceCompiler;
}

/**
 * Verifies a packed file.
 *
 * @throws {ElfError} if it is no executable
 * @throws {TenderError} "target" if it is not a packed unikernel
 */
export function verifyPacked(bytes: Uint8Array, options: VerifyOptions): Verdict {
  return judge(readPacked(bytes, options), options);
}

/** A packed file's filter as text, and the result of verifying the file. */
export interface DescribedFilter {
  readonly text: string;
  readonly verdict: Verdict;
}

/**
 * Writes the filter of a packed unikernel as text, one instruction on each line.
 *
 * @throws {ElfError | TenderError} as {@linkcode verifyPacked} does, or if there is no filter
 */
export function describeFilter(bytes: Uint8Array, options: VerifyOptions): DescribedFilter {
  const { name } = options;
  const file = readPacked(bytes, options);
  const filter = launchFilter(launchPage(file.elf), file.linux);
  if (filter === undefined) {
    throw new TenderError("target", `${name}: its launch page holds no seccomp filter`);
  }
  const verdict = judge(file, options);
  const found = verdict.is === "known" ? "" : ", which may never be installed";
  const count = filter.length / SockFilter.size;
  const text = `${printable(name)}: seccomp filter of ${count} instructions${found}\n` +
    disassembleBpf(filter, file.linux);
  return { text, verdict };
}

/** A verdict as a sentence, without the name of the file. */
export function verdictText(verdict: Verdict, version: string): string {
  const { is, packedBy, known, differing, fault } = verdict;
  if (is === "known") return `as soloden ${version} writes it: ${known.join(", ")}`;
  const said = is === "tampered"
    ? "tampered with"
    : `unknown: packed by ${
      packedBy === undefined ? "no version that it names" : printable(packedBy)
    }`;
  if (fault !== undefined) return `${said}: ${printable(fault)}`;
  const same = known.length === 0 ? "" : `; it writes the same ${known.join(", ")}`;
  return `${said}: soloden ${version} writes another ${differing.join(", ")}${same}`;
}

function readPacked(bytes: Uint8Array, { name }: { name: string }): PackedFile {
  const elf = readElf(bytes, { name });
  const linux = LINUX[elf.architecture];
  const note = readPackNote(elf);
  if (linux === undefined || note === undefined) {
    throw new TenderError(
      "target",
      `${name}: is not a packed unikernel; make one with soloden pack`,
    );
  }
  return { elf, note, linux };
}

function judge(file: PackedFile, { version, devices }: VerifyOptions): Verdict {
  const { packedBy } = file.note;
  const otherwise = packedBy === version ? "tampered" : "unknown";
  const made = packAgain(file, devices);
  if ("fault" in made) return { is: otherwise, packedBy, known: [], differing: [], ...made };
  const [known, differing] = compare(file, { ...file, elf: made.elf });
  return { is: differing.length === 0 ? "known" : otherwise, packedBy, known, differing };
}

/** Makes the file that this version writes of the same guest. */
function packAgain(
  { elf, note, linux }: PackedFile,
  devices: DeviceCompiler,
): { elf: ElfFile } | { fault: string } {
  const { name } = elf;
  try {
    const { guest, facts } = unpack(elf, note, { linux, devices });
    const image = compileImage(guest, facts, { devices, keep: true });
    const { packedBy } = note;
    const bytes = encodeImage({ ...image, note: { ...image.note, packedBy } });
    return { elf: readElf(bytes, { name }) };
  } catch (error) {
    // A hostile file can make the encoders throw: by a value that is no number, or a list too long.
    const known = error instanceof Error && ["ElfError", "TenderError", "RangeError"];
    if (!known || !known.includes(error.name)) throw error;
    return { fault: error.message.replace(`${name}: `, "") };
  }
}

function compare(file: PackedFile, made: PackedFile): [PackedPart[], PackedPart[]] {
  const [found, expected] = [partsOf(file), partsOf(made)];
  const names = Object.keys(expected) as (keyof typeof expected)[];
  const known: PackedPart[] = names.filter((name) => areEqual(found[name], expected[name]));
  const differing: PackedPart[] = names.filter((name) => !known.includes(name));
  if (differing.length > 0) return [known, differing];
  return areEqual(file.elf.bytes, made.elf.bytes)
    ? [[...known, "rest of the file"], []]
    : [known, ["rest of the file"]];
}

/** Finds the parts of a file; a part that it lacks is empty. */
function partsOf(
  { elf, linux }: PackedFile,
): Record<Exclude<PackedPart, "rest of the file">, Uint8Array> {
  const { bytes, header } = elf;
  const programs = readPrograms(elf);
  const page = launchPage(elf);
  const content = (type: number, address?: number) => {
    const program = programs.find((program) =>
      program.type === type && (address === undefined || program.vaddr === address)
    );
    return bytes.subarray(program?.offset ?? 0, (program?.offset ?? 0) + (program?.filesz ?? 0));
  };
  const steps = page.bytes.length < RECORDS_SLOT + 4
    ? 0
    : viewOf(page.bytes).getUint32(RECORDS_SLOT, true);
  return {
    headers: bytes.subarray(0, header.phoff + header.phnum * ProgramHeader.size),
    entry: bytes.subarray(ENTRY_AT, ENTRY_AT + 8),
    note: content(SEGMENT_TYPES.NOTE),
    "boot area": content(SEGMENT_TYPES.LOAD, MEMORY_START),
    "launch code": page.bytes.subarray(0, NAME_SLOT),
    "launch steps": page.bytes.subarray(steps, steps + launchRecords(page).length * Record.size),
    filter: launchFilter(page, linux) ?? new Uint8Array(),
  };
}

/** Offset of the entry point in an ELF header. */
const ENTRY_AT = 24;

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
