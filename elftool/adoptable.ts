/**
 * Which Linux programs can be made unikernels, and what to do about the others.
 *
 * @module
 */
import { Dynamic, ELF_TYPES, SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import { alignDown, alignUp, cString, viewOf } from "../abi/layout.ts";
import { NOTE_MFT1 } from "../abi/notes.ts";
import { MAX_PROGRAM_SEGMENTS } from "../abi/personality.ts";
import { WINDOW } from "../abi/portable.ts";
import { MEMORY, PAGE_SIZE } from "../abi/solo5.ts";
import { beyondMemory } from "./unikernel.ts";
import { hex, type Program, programData } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import type { LoadedProgram } from "./loaded.ts";
import { solo5Program } from "./notes.ts";
import { findSections } from "./sections.ts";

/** `DT_NEEDED`, of a program that needs a library (ELF gABI). */
const DT_NEEDED = 1;

/** Beyond this, in bytes, no guest has memory. */
const MOST_MEMORY = MEMORY.spt.max;
/** The largest page of x86-64, in bytes: no program is aligned to more. */
const MOST_ALIGN = 2 ** 30;

/**
 * Checks that a program can be made a unikernel.
 *
 * @throws {ElfError} "program" if it cannot, with what would work; others if the file is damaged
 */
export function checkAdoptable(program: LoadedProgram): void {
  const { elf, programs } = program;
  const { name, architecture, header } = elf;
  const fail = (rule: string) => new ElfError("program", `${name}: ${rule}`);
  if (architecture !== "x86_64") throw fail(`built for ${architecture}; build it for x86_64`);
  if (header.type !== ELF_TYPES.EXEC && header.type !== ELF_TYPES.DYN) {
    throw fail("not a program; link it with gcc -static");
  }
  const loads = programs.filter(({ type, memsz }) => type === SEGMENT_TYPES.LOAD && memsz > 0);
  if (loads.length === 0) throw fail("not a program; nothing of it is loaded");
  if (solo5Program(elf, programs, NOTE_MFT1) !== undefined) throw fail("is a unikernel already");
  const interpreter = programs.find(({ type }) => type === SEGMENT_TYPES.INTERP);
  if (interpreter !== undefined) {
    const path = cString(programData(elf, interpreter, "elf-segment"));
    throw fail(`dynamically linked, by ${path}; link it with gcc -static`);
  }
  if (needsLibraries(program)) throw fail("needs shared libraries; link it with gcc -static");
  if (header.entry === 0) throw fail("a shared library; only programs can be adopted");
  if (isGo(program)) {
    throw fail("a Go program, which starts threads; only programs with one thread can be adopted");
  }
  checkSegments(program, loads);
}

function needsLibraries({ elf, programs }: LoadedProgram): boolean {
  const dynamic = programs.find(({ type }) => type === SEGMENT_TYPES.DYNAMIC);
  if (dynamic === undefined) return false;
  const view = viewOf(programData(elf, dynamic, "elf-segment"));
  for (let at = 0; at + Dynamic.size <= view.byteLength; at += Dynamic.size) {
    if (Dynamic.read(view, at).tag === DT_NEEDED) return true;
  }
  return false;
}

function isGo({ elf }: LoadedProgram): boolean {
  return findSections(elf, [".go.buildinfo", ".gopclntab"]).some((section) =>
    section !== undefined
  );
}

function checkSegments({ elf }: LoadedProgram, loads: readonly Program[]): void {
  const fail = (rule: string) => new ElfError("program", `${elf.name}: ${rule}`);
  if (loads.length > MAX_PROGRAM_SEGMENTS) {
    throw fail(
      `${loads.length} segments, more than ${MAX_PROGRAM_SEGMENTS}; link it with gcc -static`,
    );
  }
  let free = elf.header.type === ELF_TYPES.EXEC ? WINDOW.end : 0;
  for (const program of loads.toSorted((a, b) => a.vaddr - b.vaddr)) {
    const { vaddr, filesz, memsz, flags, align } = program;
    if (vaddr + memsz > MOST_MEMORY) throw beyondMemory(elf, program);
    if (
      filesz > memsz || align > MOST_ALIGN ||
      2 ** Math.round(Math.log2(align || 1)) !== (align || 1)
    ) {
      throw fail(`program header ${program.index} is damaged`);
    }
    if ((flags & SEGMENT_FLAGS.WRITE) !== 0 && (flags & SEGMENT_FLAGS.EXECUTE) !== 0) {
      throw fail(
        "has memory that is both written and executed, as compilers at run time need; " +
          "only programs whose code is in the file can be adopted",
      );
    }
    const start = alignDown(vaddr, PAGE_SIZE);
    if (start < free) {
      throw free === WINDOW.end
        ? fail(
          `begins at ${
            hex(vaddr)
          }, where the bindings go; link it with -Wl,-Ttext-segment=0x400000`,
        )
        : fail("has segments that share a page; link it with -Wl,-z,separate-code");
    }
    free = alignUp(vaddr + memsz, PAGE_SIZE);
  }
}
