/**
 * Gives an executable arguments and environment of its own: they become part of the file, and a few
 * instructions at its entry put them on the stack before what the user wrote. The kernel sees an
 * ordinary program and copies nothing, so an argument may be as long as a whole script. The same
 * instructions do what a loader takes long for.
 *
 * @module
 */
import { ELF_TYPES, ElfHeader, ProgramHeader, SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import { alignUp, viewOf, word32 } from "../abi/layout.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";
import { findSymbolSlot, withTables } from "./dynamic.ts";
import { type Program, readElf, readProgramTable } from "./elf_reader.ts";
import { assemble } from "./elf_writer.ts";
import { ElfError } from "./error.ts";
import { type LateRelocations, relocationCode, takeRelocations } from "./late_relocations.ts";

/** Stands among the arguments for the name by which the program was called (`argv[0]`). */
export const CALLED_NAME: unique symbol = Symbol("called name");

/**
 * Texts that stay in the program's pages. The argument that stands for them is their distances from the
 * program's entry, in bytes, with commas between; each ends with a NUL.
 */
export interface Resident {
  readonly resident: readonly string[];
}

/** What to put before the user's own arguments and environment. */
export interface Prefix {
  /** Arguments, after `argv[0]`. */
  readonly args: readonly (string | Resident | typeof CALLED_NAME)[];
  /** Variables, `NAME=VALUE`; they come first, so that they win over the user's. */
  readonly environment?: readonly string[];
}

/** Where the added segment lies, in the file and in memory. */
interface Place {
  readonly offset: number;
  readonly address: number;
}

/**
 * Splices a prefix into a dynamically linked or static executable for x86_64.
 *
 * The new segment is described by the program header of a note (which names the build and nothing
 * else), and lies behind all others, in the file as in memory.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} "elf-header" if it is no such executable or has no note to give up, "elf-symbols"
 * if its dynamic section leads outside the file
 */
export function spliceArguments(
  bytes: Uint8Array,
  prefix: Prefix,
  options: { name: string },
): Uint8Array<ArrayBuffer> {
  const elf = readElf(bytes, options);
  const fail = (rule: string) => new ElfError("elf-header", `${options.name}: ${rule}`);
  const { type, phoff, entry } = elf.header;
  if (elf.machine !== "x86_64") throw fail("only x86_64 executables can be spliced");
  if (type !== ELF_TYPES.EXEC && type !== ELF_TYPES.DYN) throw fail("not an executable");
  const programs = readProgramTable(elf);
  const loads = programs.filter((program) => program.type === SEGMENT_TYPES.LOAD);
  const note = programs.findLast((program) => program.type === SEGMENT_TYPES.NOTE);
  const last = loads.at(-1);
  if (note === undefined || last === undefined) throw fail("no program header can be given up");

  const place = {
    offset: alignUp(bytes.length, PAGE_SIZE),
    address: alignUp(Math.max(...loads.map(({ vaddr, memsz }) => vaddr + memsz)), PAGE_SIZE),
  };
  const loader = programs.some((program) => program.type === SEGMENT_TYPES.INTERP);
  const environ = loader ? findSymbolSlot(elf, programs, "environ") : undefined;
  if (loader && environ === undefined && prefix.environment !== undefined) {
    throw fail("has no slot for environ, through which it is given an environment");
  }
  const program = bytes.slice();
  const late = withTables(options.name, () => takeRelocations(program, programs));
  const content = entryCode(prefix, { at: place.address, entry, environ, late });
  const result = assemble(place.offset + content.length, [
    { offset: 0, data: program },
    { offset: place.offset, data: content },
  ]);
  const view = viewOf(result);
  ElfHeader.write(view, 0, { entry: place.address });
  const table = withLoad(programs, { note, last, load: segment(place, content.length) });
  table.forEach((program, index) => {
    ProgramHeader.write(view, phoff + index * ProgramHeader.size, program);
  });
  return result;
}

type Values = Omit<Program, "index">;

function segment({ offset, address }: Place, size: number): Values {
  return {
    type: SEGMENT_TYPES.LOAD,
    flags: SEGMENT_FLAGS.READ | SEGMENT_FLAGS.EXECUTE,
    offset,
    vaddr: address,
    paddr: address,
    filesz: size,
    memsz: size,
    align: PAGE_SIZE,
  };
}

/** The table with the note gone and the segment after the last one: loaders want them ascending. */
function withLoad(
  programs: readonly Program[],
  { note, last, load }: { note: Program; last: Program; load: Values },
): Values[] {
  return programs.filter((program) => program !== note)
    .flatMap((program) => program === last ? [program, load] : [program]);
}

/** Size of a pointer in bytes. */
const POINTER = 8;

/** What the instructions depend on: addresses, all relative to the same unknown base. */
interface Target {
  /** Where they lie. */
  readonly at: number;
  /** Where the program begins. */
  readonly entry: number;
  /** Where the address of the C library's `environ` stands, in a program that has a loader. */
  readonly environ: number | undefined;
  /** What they have to relocate first. */
  readonly late: LateRelocations | undefined;
}

/** A place in the code that takes the distance to a text, or to other bytes. */
interface Reference {
  readonly at: number;
  readonly to: string | Resident | Uint8Array;
}

/**
 * The segment: instructions, then texts. On entry the stack holds argc, argv, a null, the
 * environment, a null and what else the kernel says; rdx is the C library's and stays. argc and
 * argv move down, and the new pointers go into the gaps.
 */
function entryCode(prefix: Prefix, { at, entry, environ, late }: Target): Uint8Array {
  const { args, environment = [] } = prefix;
  // An even number of words keeps the stack aligned; saying a variable twice changes nothing.
  const odd = (args.length + environment.length) % 2 === 1;
  const variables = odd ? [environment[0] ?? "", ...environment] : environment;
  const code: number[] = [];
  const references: Reference[] = [];
  const put = (to: Reference["to"]) => {
    code.push(0x48, 0x8d, 0x05); // lea rax, [rip + text]
    references.push({ at: code.length, to });
    code.push(...word32(0), 0x48, 0xab); // stosq
  };
  if (late !== undefined) {
    const relocating = relocationCode(late, { at });
    code.push(...relocating.code);
    references.push({ at: relocating.wordsAt, to: new Uint8Array(late.words.buffer) });
  }
  code.push(0x48, 0x89, 0xe6); // mov rsi, rsp
  code.push(0x48, 0x81, 0xec, ...word32(POINTER * (args.length + variables.length))); // sub rsp, …
  code.push(0x48, 0x89, 0xe7); // mov rdi, rsp
  code.push(0x48, 0xad); // lodsq: argc
  code.push(0x48, 0x89, 0xc1); // mov rcx, rax
  code.push(0x48, 0x05, ...word32(args.length)); // add rax, …
  code.push(0x48, 0xab); // stosq
  code.push(0x48, 0xad); // lodsq: argv[0]
  code.push(0x49, 0x89, 0xc0); // mov r8, rax
  code.push(0x48, 0xab); // stosq
  for (const argument of args) {
    if (argument !== CALLED_NAME) put(argument);
    else code.push(0x4c, 0x89, 0xc0, 0x48, 0xab); // mov rax, r8; stosq
  }
  code.push(0xf3, 0x48, 0xa5); // rep movsq: the rest of argv and its null, argc words
  if (environ !== undefined) {
    // The loader has given the C library the environment already, which now begins here.
    code.push(0x48, 0x8b, 0x05); // mov rax, [rip + …]
    code.push(...word32(environ - (at + code.length + 4)));
    code.push(0x48, 0x89, 0x38); // mov [rax], rdi
  }
  for (const variable of variables) put(variable);
  code.push(0xe9, ...word32(entry - (at + code.length + 5))); // jmp entry
  return withTexts(Uint8Array.from(code), references);
}

/** The code with its texts behind it and the references to them filled in. */
function withTexts(code: Uint8Array, references: readonly Reference[]): Uint8Array {
  const chunks = [{ offset: 0, data: code }];
  let end = code.length;
  const append = (content: string | Uint8Array): number => {
    const offset = end;
    const data = typeof content === "string" ? new TextEncoder().encode(`${content}\0`) : content;
    chunks.push({ offset, data });
    end += data.length;
    return offset;
  };
  for (const { at, to } of references) {
    const content = typeof to === "object" && "resident" in to
      ? to.resident.map(append).join()
      : to;
    viewOf(code).setInt32(at, append(content) - (at + 4), true);
  }
  return assemble(end, chunks);
}
