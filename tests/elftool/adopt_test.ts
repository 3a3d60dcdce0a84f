/** What can be adopted, and what is said of the rest. */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { ARCHITECTURES, ELF_TYPES, ElfHeader, SEGMENT_TYPES } from "../../abi/elf.ts";
import { adoptProgram } from "../../elftool/adopt.ts";
import { readElf, readPrograms } from "../../elftool/elf_reader.ts";
import { type Executable, writeExecutable } from "../../elftool/elf_writer.ts";
import { formatInspection, inspect } from "../../elftool/inspect.ts";
import type { PersonalityImage } from "../../elftool/personality_image.ts";
import { MemoryImage } from "../../elftool/memory_image.ts";
import { putRoot, type RootFile } from "../../elftool/root_image.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { viewOf } from "../../abi/layout.ts";
import { buildUnikernel } from "./builder.ts";

const CODE = { read: true, write: false, execute: true };
const DATA = { read: true, write: true, execute: false };

/** `mov $60,%eax; xor %edi,%edi; syscall; hlt`, and padding. */
const EXIT = [0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05, 0xf4, 0x90, 0x90, 0x90, 0x90];

/** A program of a few instructions. */
function program(change: Partial<Executable> = {}): Uint8Array<ArrayBuffer> {
  const text = {
    address: 0x40_1000,
    data: Uint8Array.from(EXIT),
    memorySize: EXIT.length,
    ...CODE,
  };
  return writeExecutable({ architecture: "x86_64", entry: 0x40_1000, segments: [text], ...change });
}

const PERSONALITY: PersonalityImage = {
  segments: [
    { address: 0, data: new Uint8Array(100).fill(0xcc), memorySize: 100, ...CODE },
    { address: 0x1000, data: new Uint8Array(1000), memorySize: 1000, ...CODE, execute: false },
    { address: 0x2000, data: new Uint8Array(8), memorySize: 5000, ...DATA },
  ],
  size: 0x2000 + 5000,
  entry: 16,
  main: 32,
  program: 0x1040,
};

function adopt(bytes: Uint8Array, root: readonly RootFile[] = []): Uint8Array {
  return adoptProgram(bytes, PERSONALITY, { name: "program", root });
}

Deno.test("adopt: a program becomes a portable unikernel that says what became of its system calls", () => {
  const inspection = inspect(adopt(program()), { name: "x" });
  ok(inspection.kind === "unikernel");
  deepEqual(inspection.adopted, { sites: [{ address: 0x40_1007, how: "after" }] });
  match(
    formatInspection(inspection),
    /^system calls of the program: 1 rewritten: 1 with what follows; 0 left$/m,
  );
  equal(inspection.abi.target, "any");
});

Deno.test("adopt: a system call that is left is reported with its reason", () => {
  const bytes = [...EXIT, 0xc3, 0, 0, 0x0f, 0x05];
  const data = Uint8Array.from(bytes);
  const text = { address: 0x40_1000, data, memorySize: data.length, ...CODE };
  const adopted = adopt(program({ segments: [text] }));
  const inspection = formatInspection(inspect(adopted, { name: "x" }));
  match(inspection, /1 left\n {2}0x401011 {5}left: outside of every function$/m);
});

Deno.test("adopt: the stack, which comes behind the unikernel, has something below that cannot be written", () => {
  const without = { address: 0x40_1000, data: new Uint8Array(9), memorySize: 9, ...CODE };
  for (const given of [program(), program({ segments: [without] })]) {
    const { segments, portable, kernelEnd } = parseUnikernel(adopt(given), { name: "x" });
    const last = segments.at(-1)!;
    ok(last.execute && last.end === kernelEnd && portable!.application.end === kernelEnd);
  }
});

/** How far the segments' addresses are above their places in the file. */
function distances(bytes: Uint8Array): Set<number> {
  const loads = readPrograms(readElf(bytes, { name: "x" })).filter(({ type, filesz }) =>
    type === SEGMENT_TYPES.LOAD && filesz > 0
  );
  return new Set(loads.map(({ vaddr, offset }) => vaddr - offset));
}

Deno.test("adopt: a unikernel is one piece, as boot loaders want it, unless that would be mostly zeros", () => {
  const withZeros = (memorySize: number) =>
    program({
      segments: [
        { address: 0x40_1000, data: Uint8Array.from(EXIT), memorySize: EXIT.length, ...CODE },
        { address: 0x40_2000, data: new Uint8Array(8), memorySize, ...DATA },
      ],
    });
  equal(distances(adopt(withZeros(0x8_0000))).size, 1);
  const large = adopt(withZeros(0x1000_0000));
  ok(distances(large).size > 1 && large.length < 0x1_0000);
});

/** A program whose header says something else. */
function withHeader(fields: Partial<ReturnType<typeof ElfHeader.read>>): Uint8Array {
  const bytes = program();
  ElfHeader.write(viewOf(bytes), 0, fields);
  return bytes;
}

const REFUSED: readonly [what: string, bytes: Uint8Array, message: RegExp][] = [
  [
    "another architecture",
    withHeader({ machine: ARCHITECTURES.aarch64 }),
    /built for aarch64; build it for x86_64$/,
  ],
  [
    "an object file",
    withHeader({ type: ELF_TYPES.REL }),
    /not a program; link it with gcc -static$/,
  ],
  ["a library", withHeader({ type: ELF_TYPES.DYN, entry: 0 }), /a shared library/],
  ["a unikernel", buildUnikernel(), /is a unikernel already$/],
  [
    "memory that is written and executed",
    program({
      segments: [{
        address: 0x40_1000,
        data: new Uint8Array(9),
        memorySize: 9,
        ...DATA,
        execute: true,
      }],
    }),
    /both written and executed/,
  ],
  [
    "a program where the bindings go",
    program({
      segments: [{ address: 0x10_0000, data: new Uint8Array(9), memorySize: 9, ...CODE }],
    }),
    /begins at 0x100000, where the bindings go; link it with -Wl,-Ttext-segment=0x400000$/,
  ],
  [
    "a program that jumps do not reach",
    program({
      segments: [
        { address: 0x40_1000, data: Uint8Array.from(EXIT), memorySize: 20, ...CODE },
        { address: 0x9000_0000, data: new Uint8Array(9), memorySize: 9, ...DATA },
      ],
    }),
    /is larger, with its root, than jumps reach/,
  ],
  [
    "segments that share a page",
    program({
      segments: [
        { address: 0x40_1000, data: Uint8Array.from(EXIT), memorySize: 20, ...CODE },
        { address: 0x40_1100, data: new Uint8Array(9), memorySize: 9, ...DATA },
      ],
    }),
    /has segments that share a page; link it with -Wl,-z,separate-code$/,
  ],
];

for (const [what, bytes, message] of REFUSED) {
  Deno.test(`adopt: ${what} is refused`, () => {
    throws(() => adopt(bytes), { name: "ElfError", code: "program", message });
  });
}

const COMMON = { mode: 0o644, mtime: 0 };
const A: RootFile = { path: "a", type: "file", content: new Uint8Array(), ...COMMON };

const IMPOSSIBLE: readonly [what: string, files: RootFile[], message: RegExp][] = [
  ["a way out", [{ ...A, path: "b/../../a" }], /^r: b\/\.\.\/\.\.\/a: leads out of the root$/],
  ["a file in a file", [A, { ...A, path: "a/b" }], /^r: a\/b: lies in a file, a$/],
  ["a root that is a file", [{ ...A, path: "/" }], /is the root, which is a directory$/],
  ["a name that is too long", [{ ...A, path: "é".repeat(128) }], /more than 255 bytes$/],
  ["a file where devices go", [{ ...A, path: "dev" }], /must be a directory/],
  [
    "a link to nothing",
    [{ path: "l", type: "hardlink", target: "a", ...COMMON }],
    /not a file before it$/,
  ],
  [
    "a link to no path",
    [{ path: "l", type: "symlink", target: "", ...COMMON }],
    /what is not a path$/,
  ],
];

for (const [what, files, message] of IMPOSSIBLE) {
  Deno.test(`adopt: ${what} is refused in a root file system`, () => {
    throws(() => putRoot(new MemoryImage(0), files, { name: "r" }), { code: "root", message });
  });
}
