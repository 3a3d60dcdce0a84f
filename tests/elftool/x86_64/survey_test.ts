/** Which bytes of programs are instructions, and where jumps lead. */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { findInstructions, type Sought } from "../../../elftool/x86_64/find.ts";
import { KINDS, MARKS } from "../../../elftool/x86_64/marks.ts";
import { type Survey, survey } from "../../../elftool/x86_64/survey.ts";
import { readFrames } from "../../../elftool/unwind.ts";
import { inDirectory } from "../../in_directory.ts";
import { missingTool, testUnless } from "../../needs.ts";
import { run } from "../tools.ts";
import { disassemble } from "./objdump.ts";
import { cannotRun, compile, load, notInstalled } from "./programs.ts";

/** The marks of a byte. */
function marksAt({ segments }: Survey, address: number): number {
  const segment = segments.find((segment) =>
    segment.address <= address && address < segment.address + segment.code.length
  )!;
  return segment.marks[address - segment.address]!;
}

const SYSCALL: Sought = {
  pairs: [[0x0f, 0x05]],
  wanted: ({ map, opcode }) => map === 1 && opcode === 0x05,
};

/** Compares a survey with what objdump reads: what is proven is right, and no system call is missing. */
function compare(path: string, { proven }: { proven: number }): void {
  const found = survey(load(path));
  const lines = disassemble(path).flatMap(({ lines }) => lines);
  const starts = new Set(lines.map(({ address }) => address));
  const waits = lines.filter(({ text }) => /^f(st|sav|init|clex)/.test(text));
  for (const { address } of waits) starts.add(address + 1);
  const wrong: string[] = [];
  let bytes = 0;
  let known = 0;
  for (const { address, kinds, marks } of found.segments) {
    bytes += marks.length;
    marks.forEach((mark, at) => {
      known += kinds[at] === KINDS.proven ? 1 : 0;
      if (mark & MARKS.start && !starts.has(address + at)) wrong.push((address + at).toString(16));
    });
  }
  deepEqual(wrong.slice(0, 20), []);
  ok(known > proven * bytes, `${known} of ${bytes} bytes`);
  const calls = lines.filter(({ text }) => /^(rex\S* )?syscall/.test(text)).map(({ address }) =>
    address
  );
  const certain = findInstructions(found, SYSCALL).filter(({ doubt }) => doubt === undefined);
  const missing = calls.filter((address) => !certain.some((one) => one.address === address));
  // Where a stripped program has data in its text, objdump sees a system call in it.
  ok(certain.length >= 100 && missing.length <= 3, `${certain.length} found, missing ${missing}`);
}

for (const [path, proven] of [["/bin/busybox", 0.6], ["/bin/bash-static", 0.95]] as const) {
  const missing = notInstalled(path) ?? missingTool("objdump");
  testUnless(
    missing,
    `survey: what is proven of ${path} is right`,
    () => compare(path, { proven }),
  );
}

testUnless(
  cannotRun("readelf", "c++"),
  "frames: those of a program in C++ are readelf's",
  () =>
    inDirectory((directory) => {
      const source = `#include <iostream>
      int main(int c, char **) { try { if (c > 1) throw c; std::cout << c; } catch (int) {} }`;
      for (const flags of [["-static"], ["-static-pie"]]) {
        const program = compile(directory, { name: "x.cc", source, compiler: "c++", flags });
        const { output } = run("readelf", "--debug-dump=frames", "--wide", program);
        const expected = [...output.matchAll(/ FDE cie=\S+ pc=(\w+)\.\.(\w+)/g)]
          .map(([, start, end]) => `${parseInt(start!, 16)} ${parseInt(end!, 16)}`);
        const frames = readFrames(load(program));
        deepEqual(frames.map(({ start, end }) => `${start} ${end}`), expected);
        ok(expected.length > 1000);
        const landings = frames.flatMap(({ landings }) => landings);
        ok(landings.length > 100, `${landings.length} landings`);
        const found = survey(load(program));
        for (const landing of landings) {
          const wanted = MARKS.start | MARKS.target;
          equal(marksAt(found, landing) & wanted, wanted, landing.toString(16));
        }
      }
      return Promise.resolve();
    }),
);

/** Surveys assembler that is built without a libc; `use` gets the addresses of its symbols, too. */
function surveyed(
  { source, stripped }: { source: string; stripped: boolean },
  use: (found: Survey, at: (symbol: string) => number) => void,
): Promise<void> {
  return inDirectory((directory) => {
    const flags = ["-nostdlib", "-static", "-Wl,-z,noexecstack"];
    const path = compile(directory, { name: "x.S", source, flags });
    const { output } = run("nm", path);
    const symbols = new Map(
      [...output.matchAll(/^(\w+) \w (\w+)$/gm)].map(([, at, name]) => [name!, parseInt(at!, 16)]),
    );
    if (stripped) equal(run("strip", path).code, 0);
    use(survey(load(path)), (symbol) => symbols.get(symbol)!);
    return Promise.resolve();
  });
}

const START = MARKS.start;
const TARGET = MARKS.target;
const BOTH = START | TARGET;

/** A function with bounds that a symbol gives. */
function routine(name: string, body: string): string {
  return `.globl ${name}\n.type ${name},@function\n.p2align 4\n${name}: ${body}\n.size ${name},.-${name}\n`;
}

const OUTSIDE = "outside of every function";
const INSIDE = "part of another instruction";
const BROKEN = "in a function that does not decode";

/** A program, the marks of some of its symbols, and the doubts about what reads as a system call. */
interface Shape {
  readonly name: string;
  readonly source: string;
  readonly marks?: Record<string, number>;
  readonly sites: readonly (string | undefined)[];
  /** Whether only the way from the entry proves anything. */
  readonly stripped?: boolean;
}

const SHAPES: readonly Shape[] = [
  {
    name: "data behind a function is none",
    source: routine("_start", "syscall; ret") + "behind: .byte 0x0f, 0x05",
    marks: { _start: BOTH, behind: TARGET },
    sites: [undefined, OUTSIDE],
  },
  {
    name: "without symbols, what the entry leads to is proven",
    source: routine("_start", "call f; jmp 1f; data: .byte 0x0f, 0x05; 1: syscall; hlt") +
      routine("f", "test %eax, %eax; jne 2f; ret; 3: .byte 0x0f, 0x05; 2: syscall; ret") +
      routine("nobody", "syscall; ret"),
    marks: { _start: BOTH, f: BOTH, data: 0, nobody: 0 },
    sites: [OUTSIDE, undefined, OUTSIDE, undefined, OUTSIDE],
    stripped: true,
  },
  {
    name: "a function may jump into one behind it",
    source: routine("_start", "jmp inner") + routine("f", "nop; inner: syscall; ret"),
    marks: { inner: BOTH },
    sites: [undefined],
  },
  {
    name: "an operand is no instruction",
    source: routine("_start", "mov $0x11050f22, %eax; ret"),
    sites: [INSIDE],
  },
  {
    name: "a function that does not decode proves nothing",
    source: routine("_start", "jmp 1f; .byte 0x06; 1: syscall; ret"),
    sites: [BROKEN],
  },
  {
    name: "not even what is before that",
    source: routine("_start", "syscall; ret; .byte 0x06"),
    sites: [BROKEN],
  },
  {
    name: "nor does one that jumps into its own instructions",
    source: routine("_start", "jmp 1f + 1; 1: mov $0xc3, %eax; syscall; ret"),
    sites: [BROKEN],
  },
  {
    name: "nor one that loads a place in them",
    source: routine("_start", "lea 1f + 1(%rip), %rax; 1: mov $0xc3, %eax; syscall; ret"),
    sites: [BROKEN],
  },
  {
    name: "a prefix may be jumped over",
    source: routine("_start", "je 1f + 1; 1: lock incl (%rsp); syscall; ret"),
    sites: [undefined],
  },
  {
    name: "zeros behind a call that does not return are none",
    source: routine("_start", "syscall; call die; .byte 0, 0, 0x0f, 0x05") + routine("die", "hlt"),
    sites: [undefined, OUTSIDE],
    stripped: true,
  },
  {
    name: "calls return to what follows them",
    source: routine("_start", "call _start; after: nop; call *%rax; too: nop; other: ret"),
    marks: { after: BOTH, too: BOTH },
    sites: [],
    stripped: true,
  },
  {
    name: "a table of jumps ends where its index is checked",
    source: routine(
      "_start",
      `cmp $1, %eax; ja 9f; mov %eax, %eax; lea table(%rip), %rdx; movslq (%rdx,%rax,4), %rax
       add %rdx, %rax; jmp *%rax
       9: ret; first: syscall; ret; second: syscall; ret; beyond: .byte 0x0f, 0x05, 0xc3`,
    ) + ".section .rodata\n.p2align 2\ntable: .long first-table, second-table, beyond-table, 0",
    marks: { first: BOTH, second: BOTH, beyond: TARGET },
    sites: [undefined, undefined, OUTSIDE],
    stripped: true,
  },
  {
    name: "a check of an index far before a table's use is none",
    source: routine(
      "_start",
      `cmp $0, %eax; ja 9f; .skip 12, 0x90; lea table(%rip), %rdx;  movslq (%rdx,%rax,4), %rax
       add %rdx, %rax; jmp *%rax; 9: ret; .Lfirst: syscall; ret`,
    ) + ".section .rodata\n.p2align 2\ntable: .long .Lfirst-table, 0",
    sites: [OUTSIDE],
    stripped: true,
  },
  {
    name: "nor is a table that is used far behind",
    source: routine(
      "_start",
      `cmp $0, %eax; ja 9f;  lea table(%rip), %rdx; .skip 11, 0x90; cmp $0, %eax; ja 9f; movslq (%rdx,%rax,4), %rax
       add %rdx, %rax; jmp *%rax; 9: ret; .Lfirst: syscall; ret`,
    ) + ".section .rodata\n.p2align 2\ntable: .long .Lfirst-table, 0",
    sites: [OUTSIDE],
    stripped: true,
  },
  {
    name: "a function without a size is one",
    source: routine("_start", "ret") + ".type f,@function\nf: syscall; ret",
    sites: [undefined],
  },
  {
    name: "of two functions with one start the longer counts",
    source: routine("_start", "ret; syscall; ret") +
      ".globl alias\n.type alias,@function\n.set alias, _start\n.size alias, 1\n",
    sites: [undefined],
  },
  {
    name: "an address to which an index is added keeps its place",
    source: routine("_start", "lea place(,%rax,8), %rdx; jmp *%rdx; nop; place: nop; syscall; ret"),
    marks: { place: BOTH },
    sites: [undefined],
    stripped: true,
  },
  {
    name: "pointers to functions lead to code, numbers do not",
    source: routine("_start", "mov pointer(%rip), %rax; jmp *%rax") + routine("f", "syscall; ret") +
      routine("g", "syscall; ret") + ".data\n.p2align 3\npointer: .quad f\n.long 1, g",
    marks: { f: BOTH, g: TARGET },
    sites: [undefined, OUTSIDE],
    stripped: true,
  },
  {
    name: "a pointer to behind an instruction leads to code, another does not",
    source: routine("_start", "mov pointer(%rip), %rax; jmp *%rax; f: syscall; ret") +
      ".byte 0x55\n g: syscall; ret\n.data\n.p2align 3\npointer: .quad f, g",
    marks: { f: BOTH, g: TARGET },
    sites: [undefined, OUTSIDE],
    stripped: true,
  },
  {
    name: "bounds of unwinding begin a byte before the return from a signal",
    source: routine("_start", "ret") +
      ".byte 0\n.cfi_startproc\n.byte 0\nrestore: mov $15, %rax; syscall\n.cfi_endproc",
    marks: { restore: BOTH },
    sites: [undefined],
    stripped: true,
  },
  {
    name: "bounds of unwinding may end before the function does",
    source: ".globl _start\n_start: nop\n.cfi_startproc\nmov $1, %eax\n.cfi_endproc\nsyscall; ret",
    marks: { _start: BOTH },
    sites: [undefined],
    stripped: true,
  },
];

for (const { name, source, marks = {}, sites, stripped = false } of SHAPES) {
  testUnless(
    cannotRun("cc", "nm", "strip"),
    `survey: ${name}`,
    () =>
      surveyed({ source, stripped }, (found, at) => {
        for (const [symbol, expected] of Object.entries(marks)) {
          equal(marksAt(found, at(symbol)) & BOTH, expected, symbol);
        }
        deepEqual(findInstructions(found, SYSCALL).map(({ doubt }) => doubt), sites);
      }),
  );
}

/** Files that would take long if they were believed. */
const ENDLESS: readonly [name: string, source: string, message: RegExp][] = [
  [
    "more tables of jumps than a compiler makes",
    `${
      routine(
        "_start",
        ".set n, 0; .rept 5000; lea base + n(%rip), %rax; .set n, n + 4; .endr; ret",
      )
    }
    .section .rodata\n.p2align 2\nbase: .rept 8192; .long _start - base; .endr`,
    /x: code: more tables of jumps than any compiler makes$/,
  ],
  [
    "tables of handlers that are one and the same",
    `.globl _start\n_start: .rept 100
    .cfi_startproc\n.cfi_lsda 0x1b, handlers\nnop\n.cfi_endproc\n.endr
    .section .rodata\nhandlers: .byte 0xff, 0xff, 1\n.uleb128 4000\n.zero 4000`,
    /x: handlers of exceptions: tables that overlap$/,
  ],
];

for (const [name, source, message] of ENDLESS) {
  testUnless(cannotRun("cc", "nm", "strip"), `survey: ${name} are refused`, async () => {
    await rejects(
      surveyed({ source, stripped: true }, () => {}),
      { name: "ElfError", code: "elf-symbols", message },
    );
  });
}
