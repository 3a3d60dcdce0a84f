/** Inspection and symbols. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { formatInspection, inspect } from "../../elftool/inspect.ts";
import { manifestObject } from "../../elftool/manifest_object.ts";
import { nearestSymbol, readSymbols, type SymbolEntry } from "../../elftool/symbols.ts";
import { buildUnikernel, MANIFEST, PROGRAM, withHeader, withProgram } from "./builder.ts";
import { viewOf } from "../../abi/layout.ts";
import {
  ElfHeader,
  Nhdr,
  ProgramHeader,
  SECTION_TYPES,
  SectionHeader,
  SHN_UNDEF,
  Symbol64,
  SYMBOL_TYPES,
} from "../../abi/elf.ts";
import { PACK_NOTE_NAME, PACK_NOTE_TYPE } from "../../abi/pack.ts";
import { readElf } from "../../elftool/elf_reader.ts";
import { writeExecutable } from "../../elftool/elf_writer.ts";
import { readPackNote } from "../../elftool/packed.ts";
import { writeRelocatable } from "../../elftool/relocatable.ts";
import { readSections } from "../../elftool/sections.ts";

Deno.test("an inspection tells contract, segments, sizes and devices", () => {
  const file = buildUnikernel({ target: 1 });
  const inspection = inspect(file, { name: "x.hvt" });
  deepEqual(inspection, {
    file: "x.hvt",
    kind: "unikernel",
    machine: "x86_64",
    abi: { target: "hvt", version: 2 },
    entry: 0x10_0010,
    segments: [
      { address: 0x10_0000, fileSize: 0x1800, memorySize: 0x1800, protection: "r-x" },
      { address: 0x10_2000, fileSize: 0x100, memorySize: 0x1100, protection: "rw-" },
      { address: 0x10_4000, fileSize: 0, memorySize: 0x1000, protection: "rw-" },
    ],
    sizes: { file: file.length, text: 0x1800, rodata: 0, data: 0x100, memory: 0x3900 },
    manifest: MANIFEST,
  });
  deepEqual(JSON.parse(JSON.stringify(inspection)), inspection);
});

Deno.test("an inspection as text", () => {
  const file = buildUnikernel();
  equal(
    formatInspection(inspect(file, { name: "x.spt" })),
    `x.spt: unikernel for spt (ABI 2) on x86_64
entry    0x100010
size     ${file.length} bytes: text 6144, rodata 0, data 256; 14592 in memory
segments
  0x100000     r-x  6144 bytes
  0x102000     rw-  4352 bytes, 256 of them in the file
  0x104000     rw-  4096 bytes, 0 of them in the file
devices
  BLOCK_BASIC  disk0
  NET_BASIC    net0
`,
  );
});

Deno.test("symbols are read from a file that has them", () => {
  deepEqual(readSymbols(manifestObject(MANIFEST, "x86_64"), { name: "m.o" }), [
    { address: 0, size: 344, name: "solo5_mft1_note", kind: "object" },
  ]);
  deepEqual(readSymbols(buildUnikernel()), []);
});

/** An object file with these symbols, each with its own `st_info` and, if given, `st_shndx`. */
function withSymbols(
  symbols: readonly { name: string; value: number; info: number; shndx?: number }[],
): Uint8Array {
  const section = { name: ".x", type: SECTION_TYPES.PROGBITS, flags: 0, align: 1 };
  const file = writeRelocatable({
    architecture: "x86_64",
    sections: [{ ...section, data: new Uint8Array(64) }],
    symbols: symbols.map(({ name, value }) => ({ name, value, section: ".x", size: 4 })),
  });
  const table = readSections(readElf(file, { name: "x" }))
    .find(({ type }) => type === SECTION_TYPES.SYMTAB)!;
  symbols.forEach(({ info, shndx }, index) => {
    Symbol64.write(viewOf(file), table.offset + (index + 1) * Symbol64.size, { info, shndx });
  });
  return file;
}

Deno.test("a symbol that the file only refers to is none of its own", () => {
  const info = SYMBOL_TYPES.FUNC;
  const file = withSymbols([
    { name: "other", value: 8, info, shndx: SHN_UNDEF },
    { name: "own", value: 4, info },
  ]);
  deepEqual(readSymbols(file).map(({ name }) => name), ["own"]);
});

Deno.test("of several symbols at one address, the function is the nearest", () => {
  const file = withSymbols([
    { name: "function", value: 4, info: SYMBOL_TYPES.FUNC },
    { name: "label", value: 4, info: SYMBOL_TYPES.NOTYPE },
    { name: "before", value: 0, info: SYMBOL_TYPES.FUNC },
  ]);
  const symbols = readSymbols(file);
  deepEqual(symbols.map(({ name }) => name), ["before", "label", "function"]);
  deepEqual(nearestSymbol(symbols, 6), { name: "function", offset: 2 });
});

Deno.test("broken section headers are refused", () => {
  throws(() => readSymbols(withHeader({ shnum: 9, shentsize: 64, shoff: 2 ** 60 })), {
    name: "ElfError",
    code: "elf-symbols",
    message: "file: symbols: section headers lie outside the file",
  });
  throws(() => readSymbols(withHeader({ shnum: 9, shentsize: 40 }), { name: "x" }), {
    message: "x: symbols: e_shentsize is 40, must be 64",
  });
});

Deno.test("symbols that end one byte behind the file are refused", () => {
  const file = manifestObject(MANIFEST, "x86_64");
  readSymbols(file);
  const { header } = readElf(file, { name: "x" });
  const table = readSections(readElf(file, { name: "x" }))
    .findIndex(({ type }) => type === SECTION_TYPES.SYMTAB);
  const at = header.shoff + table * SectionHeader.size;
  const { size } = SectionHeader.read(viewOf(file), at);
  SectionHeader.write(viewOf(file), at, { offset: file.length - size + 1 });
  throws(() => readSymbols(file, { name: "x" }), {
    message: "x: symbols: symbol table lies outside the file",
  });
  SectionHeader.write(viewOf(file), at, { offset: file.length - size });
  readSymbols(file, { name: "x" });
});

Deno.test("a pack note is one by the whole of its owner's name", () => {
  const note = {
    unikernel: "x.spt",
    abi: { target: "spt", version: 2 },
    entry: 0x10_0000,
    memory: 0x20_0000,
    commandLine: "",
    devices: [],
  };
  const file = writeExecutable({
    architecture: "x86_64",
    entry: 0,
    segments: [],
    notes: [{
      name: PACK_NOTE_NAME,
      type: PACK_NOTE_TYPE,
      desc: new TextEncoder().encode(JSON.stringify(note)),
    }],
  });
  const read = () => readPackNote(readElf(file, { name: "x" }));
  deepEqual(read(), note);
  const header = ElfHeader.size + ProgramHeader.size;
  for (const namesz of [PACK_NOTE_NAME.length, PACK_NOTE_NAME.length + 2, 0]) {
    Nhdr.write(viewOf(file), header, { namesz });
    equal(read(), undefined);
  }
  Nhdr.write(viewOf(file), header, { namesz: PACK_NOTE_NAME.length + 1 });
  deepEqual(read(), note);
  file[header + Nhdr.size]! ^= 0x20;
  equal(read(), undefined);
});

Deno.test("the nearest symbol is the last one at or before an address", () => {
  const symbols: SymbolEntry[] = [
    { address: 0x100, size: 8, name: "_start", kind: "function" },
    { address: 0x110, size: 0, name: "label", kind: "other" },
    { address: 0x110, size: 4, name: "main", kind: "function" },
    { address: 0x120, size: 4, name: "thread_local", kind: "tls" },
  ];
  equal(nearestSymbol(symbols, 0xff), undefined);
  deepEqual(nearestSymbol(symbols, 0x100), { name: "_start", offset: 0 });
  deepEqual(nearestSymbol(symbols, 0x10f), { name: "_start", offset: 15 });
  deepEqual(nearestSymbol(symbols, 0x110), { name: "main", offset: 0 });
  deepEqual(nearestSymbol(symbols, 0x200), { name: "main", offset: 0xf0 });
  equal(nearestSymbol([], 1), undefined);
});

/** The file with a 64-bit field of a program header set, exactly. */
function withExact(
  name: keyof typeof PROGRAM,
  field: "vaddr" | "memsz" | "align" | "offset" | "filesz",
  value: bigint,
  file: Uint8Array = buildUnikernel(),
): Uint8Array {
  const at = ElfHeader.size + PROGRAM[name] * ProgramHeader.size + ProgramHeader.offsets[field];
  viewOf(file).setBigUint64(at, value, true);
  return file;
}

Deno.test("an inspection refuses what it cannot tell exactly, and writes it exactly", () => {
  const exact = 0x20_0000_0000_0001n;
  const cases: [file: Uint8Array, rule: string][] = [
    [
      withExact("bss", "vaddr", exact),
      "program header 4: p_vaddr 0x20000000000001 + p_memsz 0x1000",
    ],
    [
      withExact("bss", "memsz", exact),
      "program header 4: p_vaddr 0x104000 + p_memsz 0x20000000000001",
    ],
    [
      withExact("text", "vaddr", ~0n),
      "program header 2: p_vaddr 0xffffffffffffffff + p_memsz 0x1800",
    ],
    [
      withExact("data", "memsz", 2n ** 52n, withExact("bss", "memsz", 2n ** 53n - 0x10_5000n)),
      "its segments take more than any memory has",
    ],
  ];
  for (const [file, rule] of cases) {
    throws(() => inspect(file, { name: "x" }), (error: Error) => {
      equal(error.name, "ElfError");
      return error.message.startsWith(`x: ${rule}`);
    });
  }
  const others: [file: Uint8Array, rule: string][] = [
    [
      withExact("text", "filesz", exact),
      "p_offset 0x1000 + p_filesz 0x20000000000001 lies outside",
    ],
    [withExact("text", "align", exact + 2n), "p_align 0x20000000000003 is not a power of two"],
    [
      withExact("text", "offset", exact),
      "p_offset 0x20000000000001 + p_filesz 0x1800 lies outside",
    ],
  ];
  for (const [file, rule] of others) {
    throws(() => inspect(file, { name: "x" }), {
      message: new RegExp(rule.replaceAll("+", "\\+")),
    });
  }
  const entry = buildUnikernel();
  viewOf(entry).setBigUint64(ElfHeader.offsets.entry, exact, true);
  throws(() => inspect(entry, { name: "x" }), { message: /e_entry 0x20000000000001 lies outside/ });
  const table = buildUnikernel();
  viewOf(table).setBigUint64(ElfHeader.offsets.phoff, exact, true);
  throws(() => inspect(table, { name: "x" }), {
    message: /headers at 0x20000000000001 lie outside/,
  });
  const largest = withProgram("bss", { vaddr: Number.MAX_SAFE_INTEGER - 0x1000 });
  equal(inspect(largest, { name: "x" }).segments[2]!.address, Number.MAX_SAFE_INTEGER - 0x1000);
});
