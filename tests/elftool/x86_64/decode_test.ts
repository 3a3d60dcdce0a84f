/** Instructions: as objdump reads them in whole programs, one by one, and whatever the bytes are. */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  decode,
  type Flow,
  type Instruction,
  LONGEST,
  NO_SIB,
} from "../../../elftool/x86_64/decode.ts";
import { missingTool, testUnless } from "../../needs.ts";
import { disassemble, type DisassembledLine } from "./objdump.ts";

/** Bytes that are written as in a manual. */
function code(hex: string): Uint8Array {
  return Uint8Array.from(hex.split(" "), (byte) => parseInt(byte, 16));
}

/** Programs that Debian has, with all kinds of compiled and of hand-written code. */
const PROGRAMS = ["/bin/busybox", "/bin/bash", libc()].filter((path) => path !== undefined);

/** The libc of this process: vector code of every kind is in it. */
function libc(): string | undefined {
  return Deno.readTextFileSync("/proc/self/maps").match(/\/\S+\/libc\.so\.6$/m)?.[0];
}

function missing(path: string): string | undefined {
  if (Deno.build.arch !== "x86_64") return "needs x86_64";
  const tool = missingTool("objdump");
  if (tool !== undefined) return tool;
  try {
    Deno.statSync(path);
  } catch {
    return `${path} is not installed`;
  }
}

const PREFIX =
  /^(?:(?:bnd|notrack|addr32|data16|rex\S*|[cdesfg]s|lock|repn?[ez]?|xacquire|xrelease)\s+)+/;

/** What objdump's words say of an instruction's flow. */
function flowOf(text: string): Flow {
  const [mnemonic = "", operand = ""] = text.replace(PREFIX, "").split(/[,\s]+/);
  const direct = /^(0x)?[0-9a-f]+$/.test(operand);
  if (/^l?call/.test(mnemonic)) return direct ? "call" : "call-indirect";
  if (/^l?jmp/.test(mnemonic)) return direct ? "jump" : "jump-indirect";
  if (/^(j|loop|xbegin)/.test(mnemonic)) return "branch";
  if (/^(l?ret|iret|sysret|sysexit)/.test(mnemonic)) return "return";
  if (/^(hlt|ud[012]|int3|int1)/.test(mnemonic)) return "stop";
  return /^(syscall|sysenter|int)$/.test(mnemonic) ? "system" : "next";
}

/** The address that an instruction refers to relative to itself, in objdump's words. */
function reference(text: string): number | undefined {
  const operand = /\(%[er]ip\)/.test(text)
    ? text.match(/# (?:0x)?([0-9a-f]+)/)
    : text.replace(PREFIX, "").match(
      /^(?:j\w+|call\w*|loop\w*|xbegin)(?:,p[nt])?\s+(?:0x)?([0-9a-f]+)\b/,
    );
  return operand ? parseInt(operand[1]!, 16) : undefined;
}

/** In which way an instruction is not what objdump says. */
function difference(found: Instruction | undefined, line: DisassembledLine): string | undefined {
  if (found === undefined) return "not decoded";
  if (found.length !== line.length) return `${found.length} bytes, not ${line.length}`;
  if (found.flow !== flowOf(line.text)) return `${found.flow}, not ${flowOf(line.text)}`;
  const to = found.relativeSize === 0 ? undefined : line.address + found.refersTo;
  const expected = reference(line.text);
  return to === expected ? undefined : `refers to ${to}, not ${expected}`;
}

for (const path of PROGRAMS) {
  testUnless(missing(path), `decode: every instruction of ${path} is objdump's`, () => {
    const wrong: string[] = [];
    let count = 0;
    for (const { address: base, code, lines } of disassemble(path)) {
      for (let line of lines) {
        const at = line.address - base;
        // To objdump, `fwait` and the instruction behind it are one.
        const waits = code[at] === 0x9b && line.length > 1 ? 1 : 0;
        line = { ...line, address: line.address + waits, length: line.length - waits };
        const problem = difference(decode(code, at + waits), line);
        if (problem) wrong.push(`${line.address.toString(16)}: ${line.text}: ${problem}`);
        count++;
      }
    }
    deepEqual(wrong.slice(0, 20), []);
    ok(count > 100_000, `${count} instructions`);
  });
}

/** Instructions that programs seldom have, and what is known of each beside its length. */
const RARE: readonly [hex: string, text: string, known?: Partial<Instruction>][] = [
  ["f3 0f 1e fa", "endbr64", { map: 1, opcode: 0x1e, flow: "next" }],
  ["66 2e 0f 1f 84 00 00 00 00 00", "cs nopw 0(%rax,%rax)", { sib: 0, displacementSize: 4 }],
  ["48 b8 01 02 03 04 05 06 07 08", "movabs $…,%rax", { immediateAt: 2, immediateSize: 8 }],
  ["66 b8 01 02", "mov $…,%ax", { immediateSize: 2 }],
  ["66 48 b8 01 02 03 04 05 06 07 08", "data16 movabs", { immediateSize: 8 }],
  ["48 a1 01 02 03 04 05 06 07 08", "movabs …,%rax", { displacementAt: 2, displacementSize: 8 }],
  ["67 a1 01 02 03 04", "addr32 mov …,%eax", { displacementSize: 4, relativeSize: 0 }],
  ["c8 10 00 01", "enter", { immediateAt: 1, immediateSize: 3 }],
  ["c2 08 00", "ret $8", { immediateSize: 2, flow: "return" }],
  ["cf", "iret", { flow: "return" }],
  ["66 81 c0 01 02", "add $…,%ax", { immediateSize: 2 }],
  ["66 48 81 c0 01 02 03 04", "data16 add $…,%rax", { immediateSize: 4 }],
  ["f7 05 01 00 00 00 02 00 00 00", "testl $2,1(%rip)", { relativeAt: 2, refersTo: 11 }],
  ["f6 0d 01 00 00 00 02", "testb $2,1(%rip) in its other form", { refersTo: 8 }],
  ["f7 15 01 00 00 00", "notl 1(%rip)", { immediateSize: 0, refersTo: 7 }],
  ["f6 05 ff ff ff ff 02", "testb $2,-1(%rip)", { relativeSize: 4, refersTo: 6 }],
  ["f6 1d ff ff ff ff", "negb -1(%rip)", { relativeSize: 4, refersTo: 5 }],
  ["8b 04 25 00 00 40 00", "mov 0x400000,%eax", { sib: 0x25, relativeSize: 0 }],
  ["8b 45 fc", "mov -4(%rbp),%eax", { displacementAt: 2, displacementSize: 1 }],
  ["8b 44 24 08", "mov 8(%rsp),%eax", { sib: 0x24, displacementAt: 3 }],
  ["c7 f8 04 00 00 00", "xbegin", { flow: "branch", relativeAt: 2, refersTo: 10 }],
  ["c6 f8 01", "xabort $1", { immediateSize: 1, flow: "next" }],
  ["e3 fe", "jrcxz", { flow: "branch", relativeSize: 1, refersTo: 0 }],
  ["e2 80", "loop", { flow: "branch", refersTo: -126 }],
  ["f2 e9 00 00 00 80", "bnd jmp", { flow: "jump", refersTo: 6 - 2 ** 31 }],
  ["66 48 e8 00 00 00 00", "data16 rex.W call", { flow: "call", refersTo: 7 }],
  ["3e ff 24 c5 00 00 40 00", "notrack jmp *…(,%rax,8)", { flow: "jump-indirect" }],
  ["41 ff d4", "call *%r12", { flow: "call-indirect", rex: 0x41 }],
  ["ff 18", "lcall *(%rax)", { flow: "call-indirect" }],
  ["ff 28", "ljmp *(%rax)", { flow: "jump-indirect" }],
  ["ff 35 00 00 00 00", "push 0(%rip)", { flow: "next", refersTo: 6 }],
  ["cd 80", "int $0x80", { flow: "system" }],
  ["0f 05", "syscall", { flow: "system", map: 1, opcode: 5 }],
  ["48 0f 05", "rex.W syscall", { flow: "system", map: 1, opcode: 5 }],
  ["0f 34", "sysenter", { flow: "system" }],
  ["0f 0b", "ud2", { flow: "stop" }],
  ["0f 0d 08", "prefetchw"],
  ["0f 0f c1 9e", "pfadd", { modrmAt: 2, immediateAt: 3, immediateSize: 1 }],
  ["0f 20 04", "mov %cr0,%rsp, its mode without effect", { displacementSize: 0, sib: NO_SIB }],
  ["0f c7 f0", "rdrand %eax", { map: 1, opcode: 0xc7 }],
  ["66 0f 38 f6 c1", "adcx", { map: 2, opcode: 0xf6 }],
  ["66 0f 3a 0f c1 08", "palignr", { map: 3, immediateSize: 1 }],
  ["c5 f8 77", "vzeroupper", { encoding: "vex", map: 1, modrmAt: 0, rex: 0x40 }],
  ["c5 fd 6f 05 00 01 00 00", "vmovdqa 0x100(%rip),%ymm0", { encoding: "vex", refersTo: 0x108 }],
  ["c5 f9 70 c0 1b", "vpshufd", { immediateSize: 1 }],
  ["c4 e2 7d 18 05 00 00 00 00", "vbroadcastss", { map: 2, opcode: 0x18, refersTo: 9 }],
  ["c4 e3 fd 00 c0 d8", "vpermq", { map: 3, immediateSize: 1, rex: 0x48 }],
  ["c4 41 30 58 d1", "vaddps %xmm9,%xmm9,%xmm10", { rex: 0x45 }],
  ["c5 30 58 d0", "vaddps %xmm0,%xmm9,%xmm10", { rex: 0x44 }],
  ["62 f1 fd 48 6f 05 00 00 00 00", "vmovdqa64 0(%rip),%zmm0", { encoding: "evex", refersTo: 10 }],
  ["62 f1 fd 48 6f 44 24 01", "vmovdqa64 0x40(%rsp),%zmm0", { sib: 0x24, displacementSize: 1 }],
  ["62 f3 fd 48 43 c0 01", "vshuff64x2", { map: 3, immediateSize: 1 }],
  ["62 f5 74 48 58 c2", "vaddph", { map: 5 }],
  ["62 f6 75 48 98 c2", "vfmadd132ph", { map: 6 }],
  ["62 f1 7c 48 78 c0", "vcvttps2udq", { map: 1, opcode: 0x78 }],
  ["8f e8 78 c0 c1 02", "vprotb $2", { encoding: "xop", map: 8, immediateSize: 1 }],
  ["8f e9 78 01 c8", "blcfill", { encoding: "xop", map: 9, immediateSize: 0 }],
  ["8f ea 78 10 c1 01 00 00 00", "bextr", { encoding: "xop", map: 10, immediateSize: 4 }],
  ["8f 40 08", "pop 8(%rax)", { encoding: "legacy", displacementSize: 1 }],
  ["40 48 90", "rex, which is not the last, rex.W nop", { rex: 0x48 }],
  ["48 66 90", "rex, which is not the last, xchg %ax,%ax", { rex: 0 }],
  ["64 48 8b 04 25 28 00 00 00", "mov %fs:0x28,%rax", { prefixes: 32 }],
  ["66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", "a nop of the longest"],
];

for (const [hex, text, known = {}] of RARE) {
  Deno.test(`decode: ${hex}: ${text}`, () => {
    const bytes = code(hex);
    const found = decode(bytes, 0);
    equal(found?.length, bytes.length);
    deepEqual({ ...found, ...known }, found);
  });
}

const INVALID = [
  ["06", "push %es, gone from 64-bit mode"],
  ["9a 00 00 00 00 00 00", "a far call, gone"],
  ["66 e9 00 00 00 00", "a near jump whose length depends on the CPU's maker"],
  ["66 eb fe", "a short one that leaves the lowest 64 KiB on one maker's CPUs alone"],
  ["66 c7 f8 00 00 00 00", "xbegin of the same kind"],
  ["66 66 66 66 66 66 66 66 66 66 66 66 66 66 66 90", "16 bytes"],
  ["2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e 2e b8 00 00 00 00", "17 bytes"],
  ["66 c5 f8 58 c0", "VEX behind a prefix that it stands for itself"],
  ["48 c5 f8 58 c0", "VEX behind REX"],
  ["c5 f8 05", "VEX before an opcode without operands"],
  ["c4 e4 7d 18 c0", "VEX with an unknown map"],
  ["62 f1 fd 48 77", "EVEX before an opcode without operands"],
  ["62 f4 fd 48 6f c0", "EVEX with an unknown map"],
  ["62 f9 fd 48 6f c0", "EVEX with a reserved bit set"],
  ["62 f1 f9 48 6f c0", "EVEX without a bit that is always set"],
  ["8f c8", "pop with another operation's number, cut off"],
  ["8f 48 00", "the same"],
  ["8d c0", "the address of a register"],
  ["fe d0", "an operation that the group has not"],
  ["ff f8", "another"],
  ["c6 c8 00", "another"],
  ["c7 c8 00 00 00 00", "another"],
  ["0f 04", "an opcode that nothing has"],
];

for (const [hex, text] of INVALID) {
  Deno.test(`decode: ${hex} is none: ${text}`, () => equal(decode(code(hex!), 0), undefined));
}

/** Bytes that are mostly instructions: the openings of all encodings are frequent. */
const anyCode = fc.tuple(
  fc.constantFrom([], [0x0f], [0x0f, 0x38], [0x66], [0xf3, 0x48], [0xc4], [0xc5], [0x62], [0x8f]),
  fc.uint8Array({ minLength: 0, maxLength: 20 }),
).map(([opening, rest]) => Uint8Array.of(...opening, ...rest));

Deno.test("decode: an instruction ends inside the code and depends on its own bytes alone", () => {
  fc.assert(
    fc.property(anyCode, fc.nat(30), (bytes, start) => {
      const found = decode(bytes, start);
      if (found === undefined) return;
      ok(found.length >= 1 && found.length <= LONGEST && start + found.length <= bytes.length);
      const own = bytes.slice(start, start + found.length);
      deepEqual(decode(own, 0), found);
      for (let end = 0; end < own.length; end++) equal(decode(own.subarray(0, end), 0), undefined);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("decode: the parts of an instruction lie one behind the other", () => {
  fc.assert(
    fc.property(anyCode, (bytes) => {
      const found = decode(bytes, 0);
      if (found === undefined) return;
      const { modrmAt, sib, displacementAt, displacementSize, immediateAt, immediateSize } = found;
      let end = modrmAt === 0 ? 0 : modrmAt + (sib === NO_SIB ? 1 : 2);
      if (modrmAt !== 0) equal(bytes[modrmAt], found.modrm);
      if (displacementSize !== 0 && end !== 0) equal(displacementAt, end);
      end = displacementSize === 0 ? end : displacementAt + displacementSize;
      if (immediateSize !== 0 && end !== 0) equal(immediateAt, end);
      end = immediateSize === 0 ? end : immediateAt + immediateSize;
      if (end !== 0) equal(end, found.length);
      const { relativeAt, relativeSize } = found;
      ok(relativeSize === 0 || [displacementAt, immediateAt].includes(relativeAt));
    }),
    { numRuns: 5000 },
  );
});
