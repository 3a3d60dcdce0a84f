/** Every loading rule, broken alone. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { viewOf } from "../../abi/layout.ts";
import type { ElfErrorCode } from "../../elftool/error.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import {
  buildUnikernel,
  MANIFEST,
  noteAt,
  PROGRAM,
  withHeader,
  withNote,
  withProgram,
} from "./builder.ts";

const name = "x.spt";
const parse = (file: Uint8Array) => parseUnikernel(file, { name });

Deno.test("a valid unikernel gives its segments, contract and devices", () => {
  const unikernel = parse(buildUnikernel());
  equal(unikernel.name, name);
  equal(unikernel.architecture, "x86_64");
  equal(unikernel.entry, 0x10_0010);
  equal(unikernel.kernelEnd, 0x10_4000);
  deepEqual(unikernel.abi, { target: "spt", version: 2 });
  deepEqual(unikernel.manifest, MANIFEST);
  deepEqual(
    unikernel.segments.map(({ data, ...rest }) => ({ ...rest, size: data.length })),
    [
      {
        address: 0x10_0000,
        start: 0x10_0000,
        end: 0x10_2000,
        size: 0x1800,
        read: true,
        write: false,
        execute: true,
      },
      {
        address: 0x10_2000,
        start: 0x10_2000,
        end: 0x10_4000,
        size: 0x100,
        read: true,
        write: true,
        execute: false,
      },
    ],
  );
});

Deno.test("segment data is a view into the file, wherever the file lies in its buffer", () => {
  const file = buildUnikernel();
  const shifted = new Uint8Array(file.length + 3).subarray(3);
  shifted.set(file);
  const [text] = parse(shifted).segments;
  equal(text?.data.buffer, shifted.buffer);
  deepEqual(text?.data.slice(0, 3), Uint8Array.of(0, 7, 14));
});

Deno.test("every target of Solo5 is told, whatever its version", () => {
  const targets = [1, 2, 3, 4, 5, 6].map((target) => parse(buildUnikernel({ target })).abi.target);
  deepEqual(targets, ["hvt", "spt", "virtio", "muen", "genode", "xen"]);
  const file = buildUnikernel();
  viewOf(file).setUint32(noteAt("abi", file) + 24, 9, true);
  equal(parse(file).abi.version, 9);
});

const accepted: Record<string, () => Uint8Array> = {
  "machine aarch64": () => withHeader({ machine: 183 }),
  "entry at the lowest address": () => withHeader({ entry: 0x10_0000 }),
  "no content at address 0, writable and executable, of any size and alignment": () =>
    withProgram("bss", { vaddr: 0, memsz: 2 ** 62, flags: 7, align: 3, offset: 2 ** 40 }),
  "a segment that is only executable": () => withProgram("text", { flags: 1 }),
  "a note of 12 bytes": () => withProgram("bss", { type: 4, offset: 0, filesz: 12 }),
  "a note of another owner": () => withProgram("bss", { type: 4, offset: 0x1000, filesz: 64 }),
  "a second ABI note": () =>
    withProgram("bss", { type: 4, offset: noteAt("abi", buildUnikernel()), filesz: 36 }),
  "a note with bytes to spare": () => withProgram("abi", { filesz: 40 }),
};

for (const [what, file] of Object.entries(accepted)) {
  Deno.test(`accepts ${what}`, () => equal(parse(file()).segments.length, 2));
}

const header = "ELF header: ";
const at = (program: keyof typeof PROGRAM) => `program header ${PROGRAM[program]}: `;
const size = "note does not fall within valid size: ";

/** What breaks → the file, the error's code, and its message after the file's name. */
const refused: Record<string, [file: () => Uint8Array, code: ElfErrorCode, message: string]> = {
  "an empty file": [() => new Uint8Array(), "elf-header", `${header}not an ELF file`],
  "less than a header": [
    () => buildUnikernel().subarray(0, 63),
    "elf-header",
    `${header}not an ELF file`,
  ],
  "wrong magic": [() => withHeader({ magic: 0 }), "elf-header", `${header}not an ELF file`],
  "32-bit": [
    () => withHeader({ class: 1 }),
    "elf-header",
    `${header}class is 1, must be 2 (ELF64)`,
  ],
  "big-endian": [
    () => withHeader({ data: 2 }),
    "elf-header",
    `${header}data is 2, must be 1 (little-endian)`,
  ],
  "another version": [
    () => withHeader({ version: 2 }),
    "elf-header",
    `${header}e_version is 2, must be 1`,
  ],
  "another architecture": [
    () => withHeader({ machine: 3 }),
    "elf-header",
    `${header}e_machine is 3, must be 62 (x86_64) or 183 (aarch64)`,
  ],
  "position-independent": [
    () => withHeader({ type: 3 }),
    "elf-header",
    `${header}e_type is 3, must be 2 (ET_EXEC)`,
  ],
  "wrong e_ehsize": [
    () => withHeader({ ehsize: 52 }),
    "elf-header",
    `${header}e_ehsize is 52, must be 64`,
  ],
  "wrong e_phentsize": [
    () => withHeader({ phentsize: 32 }),
    "elf-header",
    `${header}e_phentsize is 32, must be 56`,
  ],
  "no program headers": [
    () => withHeader({ phnum: 0 }),
    "elf-header",
    `${header}e_phnum is 0, must be at least 1`,
  ],
  "more program headers than the header can count": [
    () => withHeader({ phnum: 0xffff }),
    "elf-header",
    `${header}e_phnum is 0xffff (PN_XNUM), must be less`,
  ],
  "program headers that end outside the file": [
    () => withHeader({ phnum: 0xfffe }),
    "elf-header",
    `${header}program headers at 0x40 lie outside the file`,
  ],
  "program headers far outside the file": [
    () => withHeader({ phoff: 2 ** 63 }),
    "elf-header",
    `${header}program headers at 0x8000000000000000 lie outside the file`,
  ],
  "entry too low": [
    () => withHeader({ entry: 0xf_ffff }),
    "elf-header",
    `${header}e_entry 0xfffff lies outside guest memory, which a unikernel may use from 0x100000`,
  ],
  "entry beyond any memory": [
    () => withHeader({ entry: 2 ** 63 }),
    "elf-header",
    `${header}e_entry 0x8000000000000000 lies outside guest memory, ` +
    "which a unikernel may use from 0x100000",
  ],
  "no content at all": [
    () => withProgram("data", { filesz: 0 }, withProgram("text", { filesz: 0 })),
    "elf-segment",
    "no loadable segment has any content",
  ],
  "content outside the file": [
    () => withProgram("data", { offset: 0x10_0000 }),
    "elf-segment",
    `${at("data")}p_offset 0x100000 + p_filesz 0x100 lies outside the file`,
  ],
  "content whose end wraps around": [
    () => withProgram("data", { offset: 2 ** 64 - 2048 }),
    "elf-segment",
    `${at("data")}p_offset 0xfffffffffffff800 + p_filesz 0x100 lies outside the file`,
  ],
  "more content than memory": [
    () => withProgram("data", { memsz: 0xff }),
    "elf-segment",
    `${at("data")}p_filesz 0x100 is more than p_memsz 0xff`,
  ],
  "alignment 0": [
    () => withProgram("data", { align: 0 }),
    "elf-segment",
    `${at("data")}p_align 0x0 is not a power of two`,
  ],
  "alignment that is no power of two": [
    () => withProgram("data", { align: 0x1800 }),
    "elf-segment",
    `${at("data")}p_align 0x1800 is not a power of two`,
  ],
  "an end that is not a whole page": [
    () => withProgram("data", { align: 0x200 }),
    "elf-segment",
    `${at("data")}0x102000 to 0x103200 is not made of whole pages; p_align is too small`,
  ],
  "a start that is not a whole page": [
    () => withProgram("data", { align: 8, vaddr: 0x10_2008, memsz: 0x1ff8 }),
    "elf-segment",
    `${at("data")}0x102008 to 0x104000 is not made of whole pages; p_align is too small`,
  ],
  "an address whose end wraps around": [
    () => withProgram("data", { vaddr: 2 ** 64 - 4096 }),
    "elf-segment",
    `${at("data")}p_vaddr 0xfffffffffffff000 + p_memsz 0x1100 lies beyond any memory`,
  ],
  "a size whose end wraps around": [
    () => withProgram("data", { memsz: 2 ** 64 - 4096 }),
    "elf-segment",
    `${at("data")}p_vaddr 0x102000 + p_memsz 0xfffffffffffff000 lies beyond any memory`,
  ],
  "an address that is too low": [
    () => withProgram("text", { vaddr: 0xf_f000 }),
    "elf-segment",
    `${at("text")}begins at 0xff000, below 0x100000`,
  ],
  "an aligned address that is too low": [
    () => withProgram("text", { align: 0x20_0000 }),
    "elf-segment",
    `${at("text")}begins at 0x0, below 0x100000`,
  ],
  "overlap after alignment": [
    () => withProgram("data", { vaddr: 0x10_1900 }),
    "elf-segment",
    `${at("data")}begins at 0x101000, before the end of the segment before it, 0x102000`,
  ],
  "descending addresses": [
    () => withProgram("text", { vaddr: 0x11_0000 }),
    "elf-segment",
    `${at("data")}begins at 0x102000, before the end of the segment before it, 0x112000`,
  ],
  "writable and executable": [
    () => withProgram("data", { flags: 7 }),
    "elf-segment",
    `${at("data")}writable and executable`,
  ],
  "a note without room for a header": [
    () => withProgram("abi", { filesz: 11 }),
    "elf-note",
    `${at("abi")}${size}p_filesz is 11, must be at least 12`,
  ],
  "a note outside the file": [
    () => withProgram("mft", { offset: 0x10_0000 }),
    "elf-note",
    `${at("mft")}p_offset 0x100000 + p_filesz 0x158 lies outside the file`,
  ],
  "empty ABI note": [
    () => withNote("abi", { descsz: 0 }),
    "elf-note",
    `${at("abi")}${size}descsz is 0, must be 16`,
  ],
  "too large an ABI note": [
    () => withNote("abi", { descsz: 17 }),
    "elf-note",
    `${at("abi")}${size}descsz is 17, must be 16`,
  ],
  "an ABI note cut short": [
    () => withProgram("abi", { filesz: 35 }),
    "elf-note",
    `${at("abi")}${size}header and descsz 16 exceed p_filesz 35`,
  ],
  "a manifest note without content": [
    () => withNote("mft", { descsz: 4 }),
    "elf-note",
    `${at("mft")}${size}descsz is 4, must be 5 to 6668`,
  ],
  "too large a manifest note": [
    () => withNote("mft", { descsz: 6669 }),
    "elf-note",
    `${at("mft")}${size}descsz is 6669, must be 5 to 6668`,
  ],
  "a manifest note cut short": [
    () => withNote("mft", { descsz: 6668 }),
    "elf-note",
    `${at("mft")}${size}header and descsz 6668 exceed p_filesz 344`,
  ],
  "no ABI note": [
    () => withProgram("abi", { type: 0 }),
    "no-abi",
    "no ABI1 note: not a Solo5 unikernel",
  ],
  "an ABI note smaller than a header, which does not count": [
    () => withProgram("abi", { filesz: 19 }),
    "no-abi",
    "no ABI1 note: not a Solo5 unikernel",
  ],
  "an ABI note of another name": [
    () => withNote("abi", { namesz: 5 }),
    "no-abi",
    "no ABI1 note: not a Solo5 unikernel",
  ],
  "an ABI note whose name counts its padding": [
    () => withNote("abi", { namesz: 7 }),
    "no-abi",
    "no ABI1 note: not a Solo5 unikernel",
  ],
  "an ABI note of another owner": [
    () => {
      const file = buildUnikernel();
      file[noteAt("abi", file) + 16] = "6".charCodeAt(0);
      return file;
    },
    "no-abi",
    "no ABI1 note: not a Solo5 unikernel",
  ],
  "an ABI note of another type": [
    () => withNote("abi", { type: 1 }),
    "no-abi",
    "no ABI1 note: not a Solo5 unikernel",
  ],
  "no manifest note": [
    () => withProgram("mft", { type: 0 }),
    "no-manifest",
    "no MFT1 note: no application manifest",
  ],
  "target 0": [
    () => buildUnikernel({ target: 0 }),
    "abi",
    "ABI1 note: target 0 is not one of Solo5's (1 to 6)",
  ],
  "an unknown target": [
    () => buildUnikernel({ target: 7 }),
    "abi",
    "ABI1 note: target 7 is not one of Solo5's (1 to 6)",
  ],
};

for (const [what, [file, code, message]] of Object.entries(refused)) {
  Deno.test(`refuses ${what}`, () => {
    throws(() => parse(file()), { name: "ElfError", code, message: `${name}: ${message}` });
  });
}

Deno.test("every shorter file is refused, wherever it is cut", () => {
  const file = buildUnikernel();
  for (let length = file.length - 1; length >= 0; length--) {
    throws(() => parse(file.subarray(0, length)), { name: "ElfError" });
  }
});
