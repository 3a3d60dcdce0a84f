/**
 * The instructions by which programs learn from their CPU, found and replaced.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { findCpuInputs, replaceIn, replacementOf } from "../../../elftool/x86_64/cpu_inputs.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { testUnless } from "../../needs.ts";
import { disassemble } from "./objdump.ts";
import { cannotRun, compile, notInstalled } from "./programs.ts";

const NAMES = /^(?:\w+ )?(rdtscp|rdtsc|rdrand|rdseed|cpuid)\b/;

/** What objdump says: where each of them is, how long it is, and its operands. */
function byObjdump(path: string): string[] {
  return disassemble(path).flatMap(({ lines }) =>
    lines.flatMap(({ address, length, text }) => {
      const [, name] = NAMES.exec(text) ?? [];
      return name === undefined ? [] : [`${address.toString(16)} ${name} ${length}`];
    })
  ).sort();
}

function found(path: string): { sites: string[]; doubts: string[] } {
  const options = { name: path, cpuid: true };
  const { sites, doubts } = findCpuInputs(Deno.readFileSync(path), options);
  return {
    sites: sites.map(({ address, instruction, length }) =>
      `${address.toString(16)} ${instruction} ${length}`
    ).sort(),
    doubts: doubts.map(({ address, instruction }) => `${address.toString(16)} ${instruction}`),
  };
}

testUnless(
  cannotRun("objdump"),
  "CPU inputs: those of guests are all found, and proven",
  async () => {
    for (const target of ["hvt", "spt"] as const) {
      for (const name of ["chance", "time", "cpuid"]) {
        const path = await guest(name, target);
        deepEqual(found(path), { sites: byObjdump(path), doubts: [] }, path);
      }
    }
  },
);

testUnless(
  notInstalled("/bin/busybox") ?? cannotRun("objdump"),
  "CPU inputs: what is replaced in busybox is what objdump says, too",
  () => {
    const { sites, doubts } = found("/bin/busybox");
    const listed = byObjdump("/bin/busybox");
    ok(sites.length > 0);
    deepEqual(sites.filter((site) => !listed.includes(site)), []);
    const doubted = doubts.map((doubt) => doubt.split(" ")[0]);
    deepEqual(
      listed.filter((site) => !sites.includes(site) && !doubted.includes(site.split(" ")[0])),
      [],
    );
  },
);

const REGISTERS = `
.text
.globl _start
.type _start, @function
_start:
    rdrand %ax
    rdrand %ebx
    rdrand %r15
    rdseed %r9w
    rdseed %rdi
    rdtscp
    rdpid %rax
    cpuid
    rdtsc
    hlt
.size _start, . - _start
.section .note.GNU-stack, "", @progbits
`;

testUnless(
  cannotRun("cc"),
  "CPU inputs: registers and sizes of random numbers, and what is none",
  () =>
    inDirectory((directory) => {
      const flags = ["-nostdlib", "-static", "-no-pie"];
      const path = compile(directory, { name: "registers.S", source: REGISTERS, flags });
      const { sites } = findCpuInputs(Deno.readFileSync(path), { name: path });
      deepEqual(
        sites.map(({ instruction, register, size }) => [instruction, register, size]),
        [
          ["rdrand", 0, 2],
          ["rdrand", 3, 4],
          ["rdrand", 15, 8],
          ["rdseed", 9, 2],
          ["rdseed", 7, 8],
          ["rdtscp", 1, 4],
          ["rdtsc", 0, 4],
        ],
      );
    }),
);

testUnless(
  cannotRun("cc"),
  "CPU inputs: bytes outside of functions are doubted, and so is kernel code",
  () =>
    inDirectory((directory) => {
      const source = REGISTERS.replace("    hlt", "    rdmsr\n    rdpmc\n    hlt") +
        "\n.text\n.byte 0x0f, 0x31\n";
      const flags = ["-nostdlib", "-static", "-no-pie"];
      const path = compile(directory, { name: "doubts.S", source, flags });
      const { doubts } = findCpuInputs(Deno.readFileSync(path), { name: path });
      deepEqual(doubts.map(({ instruction, why }) => [instruction, why]), [
        ["rdmsr", "nobody answers it in the CPU's place"],
        ["rdpmc", "nobody answers it in the CPU's place"],
        ["rdtsc", "outside of every function"],
      ]);
    }),
);

Deno.test("CPU inputs: only whole instructions of a part are replaced, and the part stays as it is", () => {
  const site = { address: 0x1004, length: 3, instruction: "rdtscp", register: 0, size: 4 } as const;
  deepEqual([...replacementOf(site, 0xe0)], [0xe7, 0xe0, 0x90]);
  const part = { address: 0x1000, data: new Uint8Array(16) };
  const options = { sites: [site], port: 0xe0 };
  deepEqual([...replaceIn(part, options).data.subarray(3, 8)], [0, 0xe7, 0xe0, 0x90, 0]);
  ok(part.data.every((byte) => byte === 0));
  for (const address of [0x1005, 0x1008, 0xff0]) {
    const other = { ...part, address, data: part.data.subarray(0, 6) };
    equal(replaceIn(other, options), other);
  }
});
