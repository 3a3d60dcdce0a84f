/**
 * Guests that want out of a virtual machine: each attack with the exact end that it meets.
 */
import assert from "node:assert/strict";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind } from "../../../tender/guest.ts";
import { describe, statusOf } from "../../../tender/outcome.ts";
import { guest } from "../../guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { hostWorld, runHvt } from "./machine.ts";

const MEMORY = 4 * 2 ** 20;
const TEXT = 0x10_0000;
const HEAP = MEMORY - 0x4_0000;
const PAGE_TABLES = 0x2000;
const BOOT_INFO = 0x1_0000;

/** Runs a guest: its status, what it printed, what the tender says of it. */
async function attack(name: string, words: string): Promise<[number, string, string]> {
  const path = await guest(name, "hvt");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: `${name}.hvt` });
  using world = hostWorld();
  let output = "";
  world.write = (data) => {
    output += new TextDecoder().decode(data);
    return true;
  };
  const args = ["--solo5:quiet", words];
  const outcome = runHvt(bind(unikernel, { memory: MEMORY, args }), world);
  return [statusOf(outcome), output, describe(outcome) ?? ""];
}

/** What was tried, how, and the end: a status, and what the guest or the tender says. */
type Attack = readonly [what: string, words: string, status: number, says: RegExp];

function attacks(name: string, table: readonly Attack[]) {
  for (const [what, words, status, says] of table) {
    kvmTest(`hvt hostile: ${what}`, async () => {
      const [ended, output, message] = await attack(name, words);
      assert.match(`${output}${message}`, says);
      assert.equal(ended, status);
    });
  }
}

const FAULT = /^touching\n(written\n)?.*type=#PF ec=0x/;
const EXECUTED = /^touching\n(written\n)?.*type=#PF ec=0x11 /;
const HOST_FAULT = /^touching\nhost\/guest translation fault: rip=0x/;

attacks("hostile_touch", [
  ["reads address 0", "r 0", 255, FAULT],
  ["reads its descriptor table", "r 0x1000", 255, FAULT],
  ["reads its page tables", `r ${PAGE_TABLES}`, 255, FAULT],
  ["writes to its page tables", "w 0x8800", 255, FAULT],
  ["writes to its boot info", `w ${BOOT_INFO}`, 255, FAULT],
  ["reads right above its memory", `r ${MEMORY}`, 255, FAULT],
  ["reads where an interrupt controller would be", "r 0xfee00000", 255, FAULT],
  ["writes to its text", `w ${TEXT}`, 1, HOST_FAULT],
  ["executes its heap", `p ${HEAP}`, 255, EXECUTED],
  ["executes its stack", `p ${MEMORY - 0x2000}`, 255, EXECUTED],
  ["executes its boot info", `x ${BOOT_INFO}`, 255, EXECUTED],
]);

const OUTSIDE = /^touching\nguest access outside of its memory: /;

attacks("hostile_remap", [
  ["maps its text writable by tables of its own", `w ${TEXT}`, 1, HOST_FAULT],
  ["maps memory right above its own", `r ${MEMORY}`, 1, OUTSIDE],
  // Within 36 bits, the fewest physical address bits that a CPU has: beyond its own it faults first.
  ["maps an address far away", "w 0xf00000000", 1, OUTSIDE],
  // That memory is its own, and holds nothing but what concerns itself.
  ["maps the tender's page tables", `r ${PAGE_TABLES}`, 0, /^touching\ntouched\n$/],
]);

/** A hypercall that is refused because of the memory that it names. */
const bad = (what: string) =>
  new RegExp(`^calling\nhypercall ${what} at 0x[0-9a-f]+, \\d+ bytes: not memory that`);

const [WALLTIME, PUTS, POLL, BLOCK_WRITE] = [1, 2, 3, 4];
const [BLOCK_READ, NET_WRITE, NET_READ, HALT] = [5, 6, 7, 8];

attacks("hostile_hypercall", [
  ["prints its page tables", `${PUTS} 0 ${PAGE_TABLES} 64`, 1, bad("puts: data")],
  ["prints past its memory", `${PUTS} 0 ${MEMORY - 8} 16`, 1, bad("puts: data")],
  ["prints from the top of the address space", `${PUTS} 0 -8 16`, 1, bad("puts: data")],
  ["prints 2^63 bytes", `${PUTS} 0 ${HEAP} 0x8000000000000000`, 1, bad("puts: data")],
  ["prints nothing from nowhere", `${PUTS} 0 -1 0`, 1, bad("puts: data")],
  ["has the time written to its text", `${WALLTIME} ${TEXT}`, 1, bad("walltime: argument block")],
  [
    "has the time written to its boot info",
    `${WALLTIME} ${BOOT_INFO}`,
    1,
    bad("walltime: argument block"),
  ],
  [
    "has the time written to its page tables",
    `${WALLTIME} 0x8000`,
    1,
    bad("walltime: argument block"),
  ],
  ["has a block across its memory's end", `${POLL} ${MEMORY - 4}`, 1, bad("poll: argument block")],
  ["has a block at the end of 32 bits", `${POLL} 0xfffffff8`, 1, bad("poll: argument block")],
  ["reads a block device that is not there", `${BLOCK_READ} 0 1 0 ${HEAP} 512`, 0, /refused/],
  ["writes to handle 0", `${BLOCK_WRITE} 0 0 0 ${HEAP} 512`, 0, /refused/],
  ["writes to handle 2^64 - 1", `${BLOCK_WRITE} 0 -1 0 ${HEAP} 512`, 0, /refused/],
  ["sends through a network that is not there", `${NET_WRITE} 0 1 ${HEAP} 64`, 0, /refused/],
  ["reads a frame of handle 2^32 + 1", `${NET_READ} 0 0x100000001 ${HEAP} 64`, 0, /refused/],
  ["ends with a cookie outside of its memory", `${HALT} 0 ${MEMORY} 255`, 1, bad("halt: cookie")],
  ["ends with a cookie in its page tables", `${HALT} 0 0x3000 255`, 1, bad("halt: cookie")],
  ["makes hypercall 0", "0 0", 1, /^calling\nguest used a port that is not a hypercall/],
  ["makes hypercall 9", "9 0", 1, /^calling\nguest used a port that is not a hypercall/],
  [
    "kicks a ring that it was not offered",
    "256 0",
    1,
    /not a hypercall: out of 32 bits, port 0x600/,
  ],
]);

const NO_HYPERCALL = /^calling\nguest used a port that is not a hypercall: /;

attacks("hostile_port", [
  ["makes a hypercall of 8 bits", "b 0x501", 1, NO_HYPERCALL],
  ["makes a hypercall of 16 bits", "w 0x501", 1, NO_HYPERCALL],
  ["reads a hypercall's port", "i 0x501", 1, NO_HYPERCALL],
  // KVM hands a string over as one exit or as several; each of those is a hypercall with block 0.
  [
    "makes hypercalls by a string instruction",
    "s 0x502",
    1,
    /not a hypercall|argument block at 0x0,/,
  ],
  ["writes to a serial port", "b 0x3f8", 1, NO_HYPERCALL],
  ["reads PCI configuration", "i 0xcfc", 1, NO_HYPERCALL],
]);
