/**
 * The guests of `tests/guests/` in machines of QEMU: each ends as it does on hvt.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { bindingsImage } from "../../../bindings/bindings_image.ts";
import { linkPortable } from "../../../elftool/link_portable.ts";
import { flatten } from "../../../elftool/multiboot.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { guest } from "../../guests.ts";
import { testUnless } from "../../needs.ts";
import { noQemu, runMachine } from "./qemu_machine.ts";

/** Guests with what they are told, the status that they end with, and what they print. */
const ENDS: readonly [name: string, cmdline: string, status: number, output: RegExp][] = [
  ["globals", "", 0, /\nSUCCESS\nSolo5: solo5_exit\(0\) called\n$/],
  ["tls", "", 0, /\nSUCCESS\n/],
  ["fpu", "", 0, /\nSUCCESS\n/],
  ["time", "", 0, /\nSUCCESS\n/],
  ["output", "", 0, /\nx{4095}\nSUCCESS\n/],
  ["args", "one,two  three", 0, /\n\[one,two {2}three\]\n/],
  ["quiet", "--solo5:quiet", 0, /^SUCCESS\n$/],
  ["exit_code", "--solo5:quiet 254", 254, /^$/],
  ["abort", "", 255, /Solo5: solo5_abort\(\) called\n$/],
  ["ssp", "", 255, /\nsmashing\n.*ABORT.*Stack corruption detected/s],
  ["undefined", "", 255, /\ntrapping\n.*#UD/s],
  ["null_read", "", 255, /\nreading\n.*#PF ec=0x0 .*cr2=0x0\n/s],
  ["broken_stack", "", 255, /\nbreaking\n.*#PF .* rsp=0x8000 .*cr2=0x7ff8\n/s],
  // Where hvt's tender protects memory from outside, here the CPU does: a trap, and not a fault.
  ["write_text", "", 255, /\nwriting\n.*#PF ec=0x3 .*cr2=0x1[0-9a-f]{5}\n/s],
  ["write_rodata", "", 255, /\nwriting\n.*#PF ec=0x3 .*cr2=0x1[0-9a-f]{5}\n/s],
  ["exec_data", "", 255, /\ncalling\n.*#PF ec=0x11 /s],
  ["exec_heap", "", 255, /\ncalling\n.*#PF ec=0x11 /s],
  // Below the image nothing is writable, and behind memory there is nothing; all of memory is.
  ["hostile_touch", "w 0x10000", 255, /\ntouching\n.*#PF ec=0x3 .*cr2=0x10000\n/s],
  ["hostile_touch", "w 0xfffff", 255, /\ntouching\n.*#PF ec=0x3 .*cr2=0xfffff\n/s],
  ["hostile_touch", "x 0x10000", 255, /\ntouching\n.*#PF ec=0x11 .*cr2=0x10000\n/s],
  ["hostile_touch", "r 0x2000000", 255, /\ntouching\n.*#PF ec=0x0 .*cr2=0x2000000\n/s],
  ["hostile_touch", "r 0xfee00000", 255, /\ntouching\n.*#PF ec=0x0 .*cr2=0xfee00000\n/s],
  ["hostile_touch", "w 0x1ffe000", 1, /\nFAILURE: it can be touched\n/],
  ["bad_address", "", 255, /\ncalling\n.*#PF ec=0x0 .*cr2=0x7fff00000000\n/s],
];

for (const [name, cmdline, status, output] of ENDS) {
  testUnless(noQemu, `virtio guest ${name} ${cmdline}: status ${status}`, async () => {
    const ended = await runMachine({ kernel: await guest(name, "virtio"), cmdline });
    assert.match(ended.output, output, ended.complaint);
    assert.deepEqual(ended.end, { kind: "exit", status });
  });
}

testUnless(noQemu, "virtio guest triple_fault: the machine is reset", async () => {
  const ended = await runMachine({ kernel: await guest("triple_fault", "virtio") });
  assert.match(ended.output, /\ntrapping\n$/);
  assert.deepEqual(ended.end, { kind: "reset" });
});

testUnless(noQemu, "virtio: memory as large as it is asked for", async () => {
  const kernel = await guest("globals", "virtio");
  for (const memory of [3, 3072]) {
    const { output } = await runMachine({ kernel, memory });
    assert.match(output, new RegExp(`^Solo5: Memory map: ${memory} MB addressable:$`, "m"));
  }
});

/** Guests that are put on virtio from a portable unikernel, with what they print at the end. */
const PORTABLE: readonly [name: string, status: number, output: RegExp][] = [
  ["args", 0, /\n\[one two\]\nSUCCESS\n/],
  ["tls", 0, /\nSUCCESS\n/],
  ["globals", 0, /\nSUCCESS\n/],
  ["ssp", 255, /\nsmashing\n.*ABORT.*Stack corruption detected/s],
  ["write_text", 255, /\nwriting\n.*#PF ec=0x3 .*cr2=0x20[0-9a-f]{4}\n/s],
  ["write_rodata", 255, /\nwriting\n.*#PF ec=0x3 .*cr2=0x20[0-9a-f]{4}\n/s],
  ["exec_data", 255, /\ncalling\n.*#PF ec=0x11 .*cr2=0x20[0-9a-f]{4}\n/s],
];

const IN_ONE_PIECE: readonly string[] = ["args", "write_text"];

for (const [name, status, output] of PORTABLE) {
  testUnless(
    noQemu,
    `virtio guest ${name}, linked from a portable one: status ${status}`,
    async () => {
      const portable = await guest(name, "any");
      const image = await bindingsImage("virtio", "x86_64");
      const linked = linkPortable(await Deno.readFile(portable), image, { name: portable });
      const directory = await Deno.makeTempDir({ prefix: "soloden-test-" });
      try {
        const unikernel = parseUnikernel(linked, { name });
        const { bytes } = flatten(unikernel);
        // The file as it is; one that ends well, and one that faults, in one piece without ELF's headers, too.
        for (const content of IN_ONE_PIECE.includes(name) ? [linked, bytes] : [linked]) {
          const kernel = join(directory, "kernel");
          await Deno.writeFile(kernel, content);
          const ended = await runMachine({ kernel, cmdline: "one two" });
          assert.match(ended.output, output, ended.complaint);
          assert.deepEqual(ended.end, { kind: "exit", status });
        }
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  );
}
