/**
 * Portable unikernels: reads what one says of itself, in the note that makes it portable.
 *
 * @module
 */
import { SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import { usize, viewOf } from "../abi/layout.ts";
import {
  Application,
  NOTE_APPLICATION,
  NOTE_MARK,
  PORTABLE_NOTE_NAME,
  PORTABLE_NOTE_SIZE,
  PORTABLE_NOTE_TYPE,
  WINDOW,
} from "../abi/portable.ts";
import { MarkRecord } from "../abi/snapshot.ts";
import { type ElfFile, hex, type Program, programError } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { findOwnNote } from "./notes.ts";

/** What a portable unikernel says of itself: addresses, and sizes in bytes. */
export interface Portable {
  /** The version of the window's contract that it was built for. */
  readonly version: number;
  /** Every field that version 1 has; `abi/portable.ts` describes them. */
  readonly application: Readonly<Record<ApplicationField, number>>;
  /** Address of the record of a snapshot, which its program goes on from; 0 if it is none. */
  readonly mark: number;
}

/** The fields of a portable application. */
export type ApplicationField =
  | ("main" | "manifest" | "stackGuard" | "end")
  | ("tlsImage" | "tlsImageSize" | "tlsSize" | "tlsAlign");

/**
 * Finds the note of a portable unikernel, and checks that its addresses are the unikernel's own and that
 * the window is empty.
 *
 * @returns undefined if the file has no such note
 * @throws {ElfError} "portable" if the note is damaged, "elf-segment" if a segment reaches into the window
 */
export function readPortable(elf: ElfFile, programs: readonly Program[]): Portable | undefined {
  const note = { owner: PORTABLE_NOTE_NAME, type: PORTABLE_NOTE_TYPE };
  const content = findOwnNote(elf, programs, note);
  if (content === undefined) return undefined;
  if (content.length < PORTABLE_NOTE_SIZE) {
    throw portableError(elf, `is ${content.length} bytes, must be ${PORTABLE_NOTE_SIZE} or more`);
  }
  const view = viewOf(content);
  const version = view.getUint32(0, true);
  const application = Application.read(view, NOTE_APPLICATION);
  const mark = usize.get(view, NOTE_MARK);
  const loaded = programs.filter(({ type, memsz }) => type === SEGMENT_TYPES.LOAD && memsz > 0);
  checkWindow(elf, loaded);
  checkApplication(elf, application, loaded);
  if (mark !== 0 && !contains(loaded, mark, { size: MarkRecord.size, flag: SEGMENT_FLAGS.WRITE })) {
    throw portableError(elf, `record ${hex(mark)} of a snapshot lies in no writable segment`);
  }
  return { version, application, mark };
}

function checkWindow(elf: ElfFile, loaded: readonly Program[]): void {
  for (const program of loaded) {
    const { vaddr, memsz } = program;
    if (vaddr >= WINDOW.end || vaddr + memsz <= WINDOW.start) continue;
    const [start, end] = [hex(WINDOW.start), hex(WINDOW.end)];
    const rule = `begins at ${hex(vaddr)}, in the window of the bindings, ${start} to ${end}`;
    throw programError(elf, program, "elf-segment", rule);
  }
}

function checkApplication(
  elf: ElfFile,
  application: Portable["application"],
  loaded: readonly Program[],
): void {
  const { main, manifest, stackGuard, end, tlsImage, tlsImageSize, tlsSize, tlsAlign } =
    application;
  const inside = (address: number, part: { size: number; flag: number }) =>
    contains(loaded, address, part);
  const { EXECUTE, READ, WRITE } = SEGMENT_FLAGS;
  if (!inside(main, { size: 1, flag: EXECUTE })) {
    throw portableError(elf, `main ${hex(main)} lies in no executable segment`);
  }
  if (manifest !== 0 && !inside(manifest, { size: 1, flag: READ })) {
    throw portableError(elf, `manifest ${hex(manifest)} lies in no segment`);
  }
  if (stackGuard !== 0 && !inside(stackGuard, { size: 8, flag: WRITE })) {
    throw portableError(elf, `stack guard ${hex(stackGuard)} lies in no writable segment`);
  }
  const last = Math.max(...loaded.map(({ vaddr, memsz }) => vaddr + memsz));
  if (end < last || end > Number.MAX_SAFE_INTEGER) {
    throw portableError(elf, `end ${hex(end)} is not that of the last segment, ${hex(last)}`);
  }
  if (tlsImageSize > tlsSize || tlsSize > end) {
    throw portableError(elf, `${tlsImageSize} of ${tlsSize} bytes of thread-local variables`);
  }
  if (tlsImageSize > 0 && !inside(tlsImage, { size: tlsImageSize, flag: READ })) {
    throw portableError(elf, `thread-local variables ${hex(tlsImage)} lie in no segment`);
  }
  if (tlsAlign === 0 || 2 ** Math.round(Math.log2(tlsAlign)) !== tlsAlign || tlsAlign > end) {
    throw portableError(
      elf,
      `alignment ${tlsAlign} of thread-local variables is not a power of two`,
    );
  }
}

/** Whether all of a part lies in a segment that has the flag. */
function contains(
  loaded: readonly Program[],
  address: number,
  { size, flag }: { size: number; flag: number },
): boolean {
  return loaded.some(({ vaddr, memsz, flags }) =>
    address >= vaddr && address + size <= vaddr + memsz && (flags & flag) !== 0
  );
}

function portableError(elf: ElfFile, rule: string): ElfError {
  return new ElfError("portable", `${elf.name}: note of a portable unikernel: ${rule}`);
}
