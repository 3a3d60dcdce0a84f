/**
 * ELF headers, read from untrusted bytes: every table and every range that this module returns lies
 * inside the file.
 *
 * @module
 */
import {
  type Architecture,
  ARCHITECTURES,
  ELF_MAGIC,
  ELF_TYPES,
  ELFCLASS64,
  ELFDATA2LSB,
  ElfHeader,
  EV_CURRENT,
  PN_XNUM,
  ProgramHeader,
} from "../abi/elf.ts";
import { nameOf, viewOf } from "../abi/layout.ts";
import { ElfError, type ElfErrorCode } from "./error.ts";

/** A program header and its place in the table, for messages. */
export type Program = ReturnType<typeof ProgramHeader.read> & { readonly index: number };

/** An ELF file with its header checked. */
export interface ElfFile {
  /** The file's name, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly header: ReturnType<typeof ElfHeader.read>;
  readonly architecture: Architecture;
}

/**
 * Reads and checks the header of an ELF file: 64-bit, little-endian, for x86_64 or aarch64.
 *
 * @throws {ElfError} "elf-header"
 */
export function readElf(bytes: Uint8Array, options: { name: string }): ElfFile {
  const { name } = options;
  const view = viewOf(bytes);
  if (bytes.length < ElfHeader.size || view.getUint32(0, true) !== ELF_MAGIC) {
    throw headerError(name, "not an ELF file");
  }
  const header = ElfHeader.read(view, 0);
  if (header.class !== ELFCLASS64) {
    throw headerError(name, `class is ${header.class}, must be 2 (ELF64)`);
  }
  if (header.data !== ELFDATA2LSB) {
    throw headerError(name, `data is ${header.data}, must be 1 (little-endian)`);
  }
  if (header.version !== EV_CURRENT) {
    throw headerError(name, `e_version is ${header.version}, must be 1`);
  }
  if (header.ehsize !== ElfHeader.size) {
    throw headerError(name, `e_ehsize is ${header.ehsize}, must be ${ElfHeader.size}`);
  }
  const architecture = nameOf(ARCHITECTURES, header.machine);
  if (architecture === undefined) {
    throw headerError(name, `e_machine is ${header.machine}, must be 62 (x86_64) or 183 (aarch64)`);
  }
  return { name, bytes, view, header, architecture };
}

/**
 * Reads the program headers of an executable (`ET_EXEC`).
 *
 * @throws {ElfError} "elf-header" if it is not executable, has none, or they are not inside the file
 */
export function readPrograms(elf: ElfFile): Program[] {
  const { type } = elf.header;
  if (type !== ELF_TYPES.EXEC) {
    throw headerError(elf.name, `e_type is ${type}, must be 2 (ET_EXEC)`);
  }
  return readProgramTable(elf);
}

/**
 * Reads the program headers of any file that is loaded.
 *
 * @throws {ElfError} "elf-header" if it has none or they are not inside the file
 */
export function readProgramTable(elf: ElfFile): Program[] {
  const { name, header, view } = elf;
  const { phoff, phnum, phentsize } = header;
  if (phnum === 0) throw headerError(name, "e_phnum is 0, must be at least 1");
  if (phnum === PN_XNUM) {
    throw headerError(name, `e_phnum is ${hex(PN_XNUM)} (PN_XNUM), must be less`);
  }
  if (phentsize !== ProgramHeader.size) {
    throw headerError(name, `e_phentsize is ${phentsize}, must be ${ProgramHeader.size}`);
  }
  if (phoff + phnum * phentsize > view.byteLength) {
    const exact = view.getBigUint64(ElfHeader.offsets.phoff, true).toString(16);
    throw headerError(name, `program headers at 0x${exact} lie outside the file`);
  }
  return Array.from({ length: phnum }, (_, index) => ({
    ...ProgramHeader.read(view, phoff + index * phentsize),
    index,
  }));
}

/**
 * The content of a program header: a view into the file.
 *
 * @throws {ElfError} with the given code if it is not inside the file
 */
export function programData(elf: ElfFile, program: Program, code: ElfErrorCode): Uint8Array {
  const { offset, filesz } = program;
  if (offset + filesz > elf.bytes.length) {
    throw programError(
      elf,
      program,
      code,
      `p_offset ${fieldHex(elf, program, "offset")} + p_filesz ${
        fieldHex(elf, program, "filesz")
      } lies outside the file`,
    );
  }
  return elf.bytes.subarray(offset, offset + filesz);
}

/** An error about one program header. */
export function programError(
  elf: ElfFile,
  program: Program,
  code: ElfErrorCode,
  rule: string,
): ElfError {
  return new ElfError(code, `${elf.name}: program header ${program.index}: ${rule}`);
}

/** A field of a program header as it stands in the file: as a number, it may have been rounded. */
export function fieldHex(
  { view, header }: ElfFile,
  { index }: Program,
  field: "offset" | "vaddr" | "filesz" | "memsz" | "align",
): string {
  const at = header.phoff + index * ProgramHeader.size + ProgramHeader.offsets[field];
  return `0x${view.getBigUint64(at, true).toString(16)}`;
}

/** A number as addresses are written. */
export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function headerError(name: string, rule: string): ElfError {
  return new ElfError("elf-header", `${name}: ELF header: ${rule}`);
}
