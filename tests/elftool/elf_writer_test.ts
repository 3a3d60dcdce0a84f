/** What the writer writes, read back by readelf, by our reader and by the kernel. */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { ElfHeader, PN_XNUM, ProgramHeader } from "../../abi/elf.ts";
import { type ExecutableSegment, writeExecutable } from "../../elftool/elf_writer.ts";
import { readElf, readPrograms } from "../../elftool/elf_reader.ts";
import { run } from "./tools.ts";
import { missingTool, testUnless } from "../needs.ts";
import { writeProgram } from "../soloden.ts";

const rx = { read: true, write: false, execute: true };
const rw = { read: true, write: true, execute: false };

function inFile<T>(bytes: Uint8Array, action: (path: string) => T): T {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "file");
    writeProgram(path, bytes);
    return action(path);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

testUnless(missingTool("readelf"), "readelf reads what was written, without complaint", () => {
  const file = writeExecutable({
    architecture: "aarch64",
    entry: 0x40_0010,
    segments: [
      { address: 0x60_0000, data: new Uint8Array(), memorySize: 0x5000, ...rw },
      { address: 0x40_0010, data: new Uint8Array(100), memorySize: 100, ...rx },
      { address: 0x50_0ff0, data: new Uint8Array(16), memorySize: 32, ...rw },
    ],
    notes: [{ name: "Solo5", type: 0x31494241, desc: Uint8Array.of(1, 2, 3, 4, 5) }],
    stack: "non-executable",
  });
  const { output } = inFile(file, (path) => run("readelf", "-hlSnW", path));
  ok(!/warning|error/i.test(output), output);
  match(output, /Type: +EXEC/);
  match(output, /Machine: +AArch64/);
  match(output, /Entry point address: +0x400010/);
  match(output, /no sections in this file/);
  match(output, /Solo5 +0x00000005\t.*0x31494241.*01 02 03 04 05/);
  const rows = output.split("\n").filter((line) => /^ +(LOAD|NOTE|GNU_STACK) /.test(line));
  deepEqual(
    rows.map((row) => row.trim().split(/ +/).filter((_, column) => column !== 3).join(" ")),
    [
      "NOTE 0x000158 0x0000000000000000 0x00001c 0x00001c R 0x4",
      "LOAD 0x001010 0x0000000000400010 0x000064 0x000064 R E 0x1000",
      "LOAD 0x001ff0 0x0000000000500ff0 0x000010 0x000020 RW 0x1000",
      "LOAD 0x000000 0x0000000000600000 0x000000 0x005000 RW 0x1000",
      "GNU_STACK 0x000000 0x0000000000000000 0x000000 0x000000 RW 0x10",
    ],
  );
  equal(file.length, 0x2000);
});

Deno.test("content that fits behind the headers in its page shares their page", () => {
  const segment = { address: 0x40_0200, data: new Uint8Array(8), memorySize: 8, ...rx };
  const file = writeExecutable({ architecture: "x86_64", entry: 0x40_0200, segments: [segment] });
  equal(file.length, 0x208);
});

Deno.test("content that begins just where the headers end follows them at once", () => {
  const address = 0x40_0000 + ElfHeader.size + ProgramHeader.size;
  const segment = { address, data: new Uint8Array(8), memorySize: 8, ...rx };
  const file = writeExecutable({ architecture: "x86_64", entry: address, segments: [segment] });
  equal(file.length, ElfHeader.size + ProgramHeader.size + 8);
});

Deno.test("any segments come back as they were, at offsets that can be mapped", () => {
  const segment = fc.record({
    gap: fc.nat(0x3000),
    size: fc.nat(0x1800),
    zeros: fc.nat(0x1800),
    protection: fc.constantFrom(rx, rw),
  });
  fc.assert(fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (shapes) => {
    let address = 0x40_0000;
    const segments: ExecutableSegment[] = shapes.map(({ gap, size, zeros, protection }, index) => {
      address += gap;
      const data = new Uint8Array(size).fill(index + 1);
      const made = { address, data, memorySize: size + zeros, ...protection };
      address += size + zeros;
      return made;
    });
    const file = writeExecutable({ architecture: "x86_64", entry: 0x40_0000, segments });
    const programs = readPrograms(readElf(file, { name: "x" }));
    programs.forEach(({ offset, vaddr, filesz, memsz }, index) => {
      equal(offset % 4096, vaddr % 4096);
      equal(vaddr, segments[index]?.address);
      equal(memsz, segments[index]?.memorySize);
      deepEqual(file.slice(offset, offset + filesz).slice(), segments[index]?.data);
    });
    const content = segments.reduce((total, { data }) => total + data.length, 0);
    ok(file.length < content + (segments.length + 1) * 4096);
  }));
});

const isX86 = Deno.build.os === "linux" && Deno.build.arch === "x86_64";
testUnless(isX86 ? undefined : "only Linux on x86_64", "Linux runs what was written", () => {
  // mov eax, 60 (exit); mov rdi, [0x500008]; syscall
  const code = [0xb8, 60, 0, 0, 0, 0x48, 0x8b, 0x3c, 0x25, 8, 0, 0x50, 0, 0x0f, 0x05];
  const file = writeExecutable({
    architecture: "x86_64",
    entry: 0x40_0100,
    segments: [
      { address: 0x40_0100, data: Uint8Array.from(code), memorySize: code.length, ...rx },
      { address: 0x50_0008, data: Uint8Array.of(42), memorySize: 4096, ...rw },
    ],
    stack: "non-executable",
  });
  equal(inFile(file, (path) => run(path)).code, 42);
});

Deno.test("a segment with more content than memory is a mistake of the caller's", () => {
  const segment = { address: 0x40_0000, data: new Uint8Array(2), memorySize: 1, ...rx };
  throws(
    () => writeExecutable({ architecture: "x86_64", entry: 0, segments: [segment] }),
    { name: "RangeError", message: "segment of 1 bytes with 2 bytes of content" },
  );
});

Deno.test("as many segments are written as the header can count, and not one more", () => {
  const segment = { address: 0x40_0000, data: new Uint8Array(), memorySize: 1, ...rx };
  const write = (count: number) =>
    writeExecutable({ architecture: "x86_64", entry: 0, segments: Array(count).fill(segment) });
  equal(readPrograms(readElf(write(PN_XNUM - 1), { name: "x" })).length, PN_XNUM - 1);
  throws(() => write(PN_XNUM), { name: "RangeError" });
});
