/**
 * Fuzzing what makes unikernels of programs: any file is adopted or refused, and any archive is a root
 * file system or refused.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import {
  ElfHeader,
  SECTION_FLAGS,
  SECTION_TYPES,
  SectionHeader,
  Symbol64,
} from "../../../abi/elf.ts";
import { viewOf } from "../../../abi/layout.ts";
import { adoptProgram } from "../../../elftool/adopt.ts";
import { writeExecutable } from "../../../elftool/elf_writer.ts";
import { formatInspection, inspect } from "../../../elftool/inspect.ts";
import { readLocator } from "../../../elftool/locate.ts";
import { MemoryImage } from "../../../elftool/memory_image.ts";
import type { PersonalityImage } from "../../../elftool/personality_image.ts";
import { putRoot } from "../../../elftool/root_image.ts";
import { readTar } from "../../../elftool/tar_reader.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { type FuzzTarget, refusing } from "../target.ts";

const named = { name: "x" };

const PERSONALITY: PersonalityImage = {
  segments: [{
    address: 0,
    data: new Uint8Array(4096),
    memorySize: 4096,
    read: true,
    write: false,
    execute: true,
  }],
  size: 4096,
  entry: 0,
  main: 0,
  program: 8,
};

/** `mov $60,%eax; syscall; hlt`, and padding. */
const CODE = [0xb8, 60, 0, 0, 0, 0x0f, 0x05, 0xf4, 0x90, 0x90, 0x90, 0x90];

/** A program without symbols. */
function program(): Uint8Array<ArrayBuffer> {
  return writeExecutable({
    architecture: "x86_64",
    entry: 0x40_0000,
    segments: [
      {
        address: 0x40_0000,
        data: Uint8Array.from(CODE),
        memorySize: CODE.length,
        read: true,
        write: false,
        execute: true,
      },
      {
        address: 0x40_1000,
        data: new Uint8Array(64),
        memorySize: 5000,
        read: true,
        write: true,
        execute: false,
      },
    ],
  });
}

/** The same with symbols, debugging information, and code in a section. */
function programWithSymbols(): Uint8Array<ArrayBuffer> {
  const file = program();
  const names = new TextEncoder().encode("\0.text\0.debug_line\0.symtab\0main\0");
  const symbol = { name: 27, info: 0x12, shndx: 1, value: 0x40_0000, size: 8 };
  const table = concatenate([new Uint8Array(Symbol64.size), Symbol64.encode(symbol)]);
  const namesAt = file.length;
  const tableAt = namesAt + names.length;
  const shoff = tableAt + table.length;
  const text = { type: SECTION_TYPES.PROGBITS, flags: SECTION_FLAGS.ALLOC, addr: 0x40_0000 };
  const sections = [
    {},
    { ...text, name: 1, offset: 0x1000, size: CODE.length },
    { name: 7, type: SECTION_TYPES.PROGBITS, offset: namesAt, size: 8 },
    { name: 19, type: SECTION_TYPES.SYMTAB, offset: tableAt, size: table.length, link: 4, info: 1 },
    { type: SECTION_TYPES.STRTAB, offset: namesAt, size: names.length },
  ].map((section) => SectionHeader.encode(section));
  ElfHeader.write(viewOf(file), 0, {
    shoff,
    shnum: sections.length,
    shentsize: SectionHeader.size,
    shstrndx: 4,
  });
  return concatenate([file, names, table, ...sections]);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Programs that become unikernels. */
export const adoptions: FuzzTarget = {
  name: "adoptions",
  covers: ["adopt", "adoptable", "adopted", "adopted_symbols", "memory_image"]
    .map((file) => `elftool/${file}.ts`),
  seeds: () => [program(), programWithSymbols()],
  run: (input) =>
    refusing(() => {
      const file = adoptProgram(input, PERSONALITY, named);
      // What was made is a unikernel, whatever it was made from, and no larger than its parts.
      ok(parseUnikernel(file, named).portable !== undefined, "not portable");
      formatInspection(inspect(file, named));
      readLocator(file, named).name(0x40_0000);
      const stripped = adoptProgram(input, PERSONALITY, { ...named, strip: true });
      ok(file.length < stripped.length + 3 * input.length + 1000, "larger than its parts");
    }),
};

/** Archives that become root file systems. */
export const archives: FuzzTarget = {
  name: "archives",
  covers: ["tar_reader", "root_image"].map((file) => `elftool/${file}.ts`),
  seeds: () => [archive()],
  run: (input) =>
    refusing(() => {
      const files = readTar(input, named);
      const { count } = putRoot(new MemoryImage(0), files, named);
      ok(count >= 1, "no root");
    }),
};

/** An archive of a file, a directory and links. */
function archive(): Uint8Array {
  const blocks: number[] = [];
  const add = (name: string, type: string, { link = "", content = "" } = {}) => {
    const block = new Uint8Array(512);
    const put = (text: string, at: number) => block.set(new TextEncoder().encode(text), at);
    put(name, 0);
    put("0000644\0", 100);
    put(content.length.toString(8), 124);
    put(" ".repeat(8), 148);
    put(type, 156);
    put(link, 157);
    put("ustar\0", 257);
    const sum = block.reduce((total, byte) => total + byte, 0);
    put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(...block);
    if (content === "") return;
    const padded = new Uint8Array(512);
    padded.set(new TextEncoder().encode(content));
    blocks.push(...padded);
  };
  add("d/", "5");
  add("x", "x", { content: "14 path=d/file\n" });
  add("d/f", "0", { content: "content" });
  add("hard", "1", { link: "d/file" });
  add("soft", "2", { link: "d" });
  blocks.push(...new Uint8Array(1024));
  return Uint8Array.from(blocks);
}
