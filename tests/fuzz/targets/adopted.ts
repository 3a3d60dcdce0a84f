/**
 * Fuzzing what makes unikernels of programs: any file is adopted or refused, and any archive is a root
 * file system or refused.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { adoptProgram } from "../../../elftool/adopt.ts";
import { writeExecutable } from "../../../elftool/elf_writer.ts";
import { formatInspection, inspect } from "../../../elftool/inspect.ts";
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

/** Programs that become unikernels. */
export const adoptions: FuzzTarget = {
  name: "adoptions",
  covers: ["adopt", "adoptable", "adopted", "memory_image"].map((file) => `elftool/${file}.ts`),
  seeds: () => [writeExecutable({
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
  })],
  run: (input) =>
    refusing(() => {
      const file = adoptProgram(input, PERSONALITY, named);
      // What was made is a unikernel, whatever it was made from.
      ok(parseUnikernel(file, named).portable !== undefined, "not portable");
      formatInspection(inspect(file, named));
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
