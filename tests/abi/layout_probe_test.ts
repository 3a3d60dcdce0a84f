/**
 * The contracts in abi/ against the C headers that guests compile with: a C source that asserts every
 * offset, size and constant of the one must compile with the other.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as hvt from "../../abi/hvt.ts";
import * as ring from "../../abi/hvt_ring.ts";
import * as aarch64 from "./hvt_aarch64.ts";
import type { Fields, Struct } from "../../abi/layout.ts";
import * as manifest from "../../abi/manifest.ts";
import * as personality from "../../abi/personality.ts";
import * as portable from "../../abi/portable.ts";
import * as notes from "../../abi/notes.ts";
import * as solo5 from "../../abi/solo5.ts";
import * as spt from "../../abi/spt.ts";
import { ToolchainError } from "../../bindings/error.ts";
import { buildUnikernel, type Toolchain } from "../../bindings/toolchain.ts";
import { crossTest } from "../bindings/aarch64/available.ts";

/** What a C structure calls a field where that is not the field's name in snake case. */
type Members = Record<string, string>;

/** As C has it: with the segments that follow. */
const PERSONALITY = {
  ...personality.PersonalityProgram,
  size: personality.PERSONALITY_PROGRAM_SIZE,
};

// deno-lint-ignore no-explicit-any
const STRUCTS: [type: string, layout: Struct<any>, members?: Members][] = [
  ["struct hvt_boot_info", hvt.BootInfo],
  ["struct hvt_hc_walltime", hvt.Walltime],
  ["struct hvt_hc_puts", hvt.Puts],
  ["struct hvt_hc_poll", hvt.Poll],
  ["struct hvt_hc_block_write", hvt.BlockIo],
  ["struct hvt_hc_block_read", hvt.BlockIo],
  ["struct hvt_hc_net_write", hvt.NetIo],
  ["struct hvt_hc_net_read", hvt.NetIo],
  ["struct hvt_hc_halt", hvt.Halt],
  ["struct hvt_ring_entry", ring.RingEntry],
  ["struct hvt_ring_commit", ring.RingCommit],
  ["struct spt_boot_info", spt.BootInfo],
  ["struct mft", manifest.ManifestHeader],
  ["struct mft_entry", manifest.ManifestEntry, {
    capacity: "u.block_basic.capacity",
    blockSize: "u.block_basic.block_size",
    mac: "u.net_basic.mac",
    mtu: "u.net_basic.mtu",
    fd: "b.hostfd",
  }],
  ["struct solo5_nhdr", notes.NoteHeader, {
    namesz: "n_namesz",
    descsz: "n_descsz",
    type: "n_type",
  }],
  ["struct portable_window", portable.WindowHeader],
  ["struct portable_application", portable.Application],
  ["struct portable_segment", portable.ProtectedRange],
  ["struct personality_program", PERSONALITY],
  ["struct personality_segment", personality.PersonalitySegment],
  ["struct personality_file", personality.PersonalityFile],
  ["struct personality_room", personality.PersonalityRoom],
  ["struct abi1_info", notes.AbiNote, { target: "abi_target", version: "abi_version" }],
];

const CONSTANTS: Record<string, number> = {
  HVT_ABI_VERSION: notes.ABI_VERSION.hvt,
  SPT_ABI_VERSION: notes.ABI_VERSION.spt,
  HVT_GUEST_MIN_BASE: solo5.LOWEST_ADDRESS,
  SPT_GUEST_MIN_BASE: solo5.LOWEST_ADDRESS,
  HVT_HALT_COOKIE_MAX: hvt.COOKIE_MAX,
  HVT_FEATURE_NET_RING: ring.FEATURE_RING,
  HVT_RING_SLOTS: ring.RING_SLOTS,
  "sizeof(struct hvt_ring)": ring.RING_SIZE,
  "offsetof(struct hvt_ring, entries)": ring.RING_ENTRIES,
  "offsetof(struct hvt_ring, commits)": ring.RING_COMMITS,
  ...Object.fromEntries(
    Object.entries(ring.RingHeader.offsets).map(([field, offset]) => [
      `offsetof(struct hvt_ring, ${snakeCase(field)})`,
      offset,
    ]),
  ),
  SPT_INTERNAL_TIMERFD: spt.TIMER_EVENT,
  ABI1_NOTE_TYPE: notes.NOTE_ABI1,
  MFT1_NOTE_TYPE: notes.NOTE_MFT1,
  MFT_VERSION: manifest.MANIFEST_VERSION,
  MFT_MAX_ENTRIES: manifest.MAX_ENTRIES,
  MFT_NAME_MAX: manifest.MAX_NAME,
  MFT_RESERVED_FIRST: manifest.RESERVED_FIRST,
  "sizeof(struct mft1_note)": notes.NoteHeader.size + notes.MANIFEST_NOTE_MAX,
  "offsetof(struct mft1_note, m)": notes.NoteHeader.size + notes.MANIFEST_NOTE_PADDING,
  PERSONALITY_MAX_SEGMENTS: personality.MAX_PROGRAM_SEGMENTS,
  PERSONALITY_STRACE: personality.PERSONALITY_STRACE,
  "offsetof(struct personality_program, segments)": personality.PersonalityProgram.size,
  PORTABLE_VERSION: portable.PORTABLE_VERSION,
  PORTABLE_WINDOW_START: portable.WINDOW.start,
  PORTABLE_WINDOW_END: portable.WINDOW.end,
  PORTABLE_MAX_SEGMENTS: portable.MAX_PROTECTED_RANGES,
  PORTABLE_NOTE_TYPE: portable.PORTABLE_NOTE_TYPE,
  "sizeof(struct portable_program)": portable.PROGRAM_SIZE,
  "offsetof(struct portable_program, segments)": portable.Application.size,
  "offsetof(struct portable_program, mark)": portable.PROGRAM_MARK,
  "sizeof PORTABLE_NOTE_NAME": portable.PORTABLE_NOTE_NAME.length + 1,
  "sizeof(struct portable_note) - offsetof(struct portable_note, version)":
    portable.PORTABLE_NOTE_SIZE,
  [`(PORTABLE_MAGIC == ${portable.WINDOW_MAGIC})`]: 1,
  ...Object.fromEntries(portable.ENTRIES.map((name, index) => [`ENTRY_${name}`, entryAt(index)])),
  ...prefixed("HVT_HYPERCALL_", hvt.HYPERCALL),
  ...prefixed("HVT_RING_", ring.RING_OPERATION),
  ...prefixed("ABI_TARGET_", notes.TARGETS),
  ...prefixed("MFT_DEV_", manifest.DEVICE_TYPES),
  ...prefixed("SOLO5_R_", solo5.RESULT),
  ...prefixed("SOLO5_EXIT_", solo5.EXIT),
};

/** The address of an entry point. */
function entryAt(index: number): number {
  return portable.ENTRY_SLOTS.start + index * portable.ENTRY_SLOTS.step;
}

function prefixed(prefix: string, values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [prefix + name.toUpperCase(), value]),
  );
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function structAssertions(type: string, layout: Struct<Fields>, members: Members = {}): string[] {
  const fields = Object.keys(layout.offsets).flatMap((field) => {
    const member = members[field] ?? snakeCase(field);
    return [
      expectation(`offsetof(${type}, ${member})`, layout.offsets[field]!),
      expectation(`sizeof(((${type} *)0)->${member})`, layout.sizes[field]!),
    ];
  });
  return [expectation(`sizeof(${type})`, layout.size), ...fields];
}

function expectation(expression: string, value: number): string {
  return `_Static_assert(${expression} == ${value}, "${expression} is not ${value}");`;
}

/** A unikernel's source that compiles only if all of the assertions hold. */
function probe(assertions: string[]): string {
  return [
    `#define MFT_ENTRIES ${manifest.MAX_ENTRIES}`,
    ...["solo5.h", "hvt_abi.h", "spt_abi.h", "portable_abi.h", "personality_abi.h"].map((header) =>
      `#include "${header}"`
    ),
    "#define ENTRY(number, name) ENTRY_##name = PORTABLE_ENTRY(number),",
    "enum { PORTABLE_EACH_ENTRY(ENTRY) };",
    ...assertions,
    "int solo5_app_main(const struct solo5_start_info *info) { return info->heap_size == 0; }",
  ].join("\n");
}

async function compileProbe(source: string, toolchain?: Toolchain): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "soloden-probe-" });
  try {
    const path = join(dir, "probe.c");
    await Deno.writeTextFile(path, source);
    await buildUnikernel([path], {
      target: "hvt",
      output: join(dir, "probe.hvt"),
      toolchain,
      ccFlags: ["-Wall", "-Wextra", "-Werror"],
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const ASSERTIONS = [
  ...STRUCTS.flatMap(([type, layout, members]) => structAssertions(type, layout, members)),
  ...Object.entries(CONSTANTS).map(([name, value]) => expectation(name, value)),
];

Deno.test("every offset, size and constant of abi/ is that of the C headers", async () => {
  await compileProbe(probe([
    ...ASSERTIONS,
    ...structAssertions("struct hvt_trap_frame", hvt.TrapFrame),
    expectation("HVT_HYPERCALL_PIO_BASE", hvt.HYPERCALL_PORT),
    expectation("HVT_RING_PIO", ring.RING_PORT),
  ]));
});

crossTest("and for aarch64, too", async (toolchain) => {
  const { address, step } = aarch64.HYPERCALL_STORE;
  const assertions = [
    ...ASSERTIONS,
    ...structAssertions("struct hvt_trap_frame", aarch64.TrapFrame),
    expectation("HVT_HYPERCALL_ADDRESS(0)", address),
    expectation("HVT_HYPERCALL_ADDRESS(HVT_HYPERCALL_HALT)", address + 8 * step),
  ];
  await compileProbe(probe(assertions), toolchain);
});

Deno.test("the probe tells which offset differs", async () => {
  const wrong = expectation("offsetof(struct hvt_hc_poll, ret)", 20);
  await assert.rejects(
    compileProbe(probe([...ASSERTIONS, wrong])),
    (error: Error) =>
      error instanceof ToolchainError && error.code === "compile" &&
      error.message.includes("offsetof(struct hvt_hc_poll, ret) is not 20"),
  );
});
