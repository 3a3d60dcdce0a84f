/**
 * The build rules of each target and architecture, as data: which files the bindings consist of and which
 * flags compile and link what. gcc and clang, GNU ld and lld accept every flag here.
 *
 * @module
 */
import type { Architecture } from "../abi/elf.ts";
import type { ABI_VERSION } from "../abi/notes.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";

/** A target whose bindings are put under portable unikernels. */
export type ImageTarget = keyof typeof ABI_VERSION;

/** What unikernels are built for: a target, or `any` of them, which makes them portable. */
export type BuildTarget = ImageTarget | "any";

/** What an application is linked with: bindings, what a portable one needs, or `stub`, which only links. */
export type BindingsTarget = BuildTarget | "stub";

/** Functions of a C library, for every application. */
const LIBC_FUNCTIONS = ["common/memory_functions.c", "common/string_functions.c"];

/** What bindings know of the application that they are linked with. */
const PROGRAM = "common/program.c";

const COMMON = [
  ...LIBC_FUNCTIONS,
  "common/block.c",
  "common/devices.c",
  "common/exit.c",
  "common/log.c",
  "common/mark.c",
  "common/memory.c",
  "common/net.c",
  PROGRAM,
  "common/stack_guard.c",
  "common/start.c",
  "common/text.c",
];

const HVT = [
  "hvt/clock.c",
  "hvt/devices.c",
  "hvt/net_ring.c",
  "hvt/platform.c",
  "hvt/start.c",
  "common/trap.c",
];

const SPT = [
  "spt/clock.c",
  "spt/devices.c",
  "spt/platform.c",
  "spt/start.c",
];

/** The traps' table of the CPU is among them, and the way from the boot loader. */
const VIRTIO = [
  "virtio/boot.S",
  "virtio/acpi.c",
  "virtio/attach.c",
  "virtio/block.c",
  "virtio/clock.c",
  "virtio/multiboot.c",
  "virtio/net.c",
  "virtio/pages.c",
  "virtio/pci.c",
  "virtio/platform.c",
  "virtio/pvclock.c",
  "virtio/queue.c",
  "virtio/rtc.c",
  "virtio/start.c",
  "virtio/tsc.c",
  "virtio/interrupts.c",
  "virtio/yield.c",
  "common/trap.c",
];

const ANY = [...LIBC_FUNCTIONS, "any/entries.S", "any/note.c"];

/** What applications have of snapshots, under any bindings. */
const READY = { x86_64: "common/ready_x86_64.S", aarch64: "common/ready_aarch64.S" };

/** Where tenders enter; a boot loader has an entry of its own. */
const ENTRY = { x86_64: "common/entry_x86_64.S", aarch64: "common/entry_aarch64.S" };

const STUB = [...LIBC_FUNCTIONS, "stub/stub.c"];

/** The sources of each target's bindings, by their names in this room. A target may not be on every architecture. */
export const SOURCES: Readonly<
  Record<Architecture, Readonly<Partial<Record<BindingsTarget, readonly string[]>>>>
> = {
  x86_64: {
    hvt: [
      ...COMMON,
      "common/main_x86_64.S",
      "common/tls_x86_64.c",
      READY.x86_64,
      ENTRY.x86_64,
      ...HVT,
      "hvt/tables_x86_64.S",
    ],
    spt: [
      ...COMMON,
      "common/main_x86_64.S",
      "common/tls_x86_64.c",
      READY.x86_64,
      ENTRY.x86_64,
      ...SPT,
    ],
    virtio: [...COMMON, "common/main_x86_64.S", "common/tls_x86_64.c", READY.x86_64, ...VIRTIO],
    any: [...ANY, READY.x86_64],
    stub: STUB,
  },
  aarch64: {
    hvt: [
      ...COMMON,
      "common/main_aarch64.S",
      "common/tls_aarch64.c",
      READY.aarch64,
      ENTRY.aarch64,
      ...HVT,
      "hvt/vectors_aarch64.S",
    ],
    spt: [
      ...COMMON,
      "common/main_aarch64.S",
      "common/tls_aarch64.c",
      READY.aarch64,
      ENTRY.aarch64,
      ...SPT,
    ],
    any: [...ANY, READY.aarch64],
    stub: STUB,
  },
};

/** What there are bindings for on an architecture. */
export function bindingsTargets(architecture: Architecture): BindingsTarget[] {
  return Object.keys(SOURCES[architecture]) as BindingsTarget[];
}

/**
 * The sources of bindings that are put under portable unikernels, and linked without any application.
 *
 * @returns undefined where a target is not on an architecture
 */
export function imageSources(
  target: ImageTarget,
  architecture: Architecture,
): string[] | undefined {
  const shared = SOURCES[architecture][target]?.filter((source) =>
    source !== PROGRAM && source !== READY[architecture]
  );
  if (shared === undefined) return undefined;
  return ["window/window.S", "window/program.c", ...shared];
}

/** The sources of the personality, which answers the system calls of an adopted program; for x86_64 alone. */
export const PERSONALITY_SOURCES: readonly string[] = [
  "personality/entry.S",
  READY.x86_64,
  ...[
    "arguments",
    "blocks",
    "call_names",
    "calls",
    "changes",
    "channels",
    "clock",
    "console",
    "content",
    "descriptors",
    "devices",
    "directories",
    "end",
    "files",
    "futex",
    "heap",
    "identity",
    "ioctl",
    "limits",
    "mappings",
    "maps",
    "names",
    "nodes",
    "opening",
    "own_files",
    "pages",
    "path_calls",
    "paths",
    "pending",
    "pipes",
    "proc",
    "process",
    "process_calls",
    "program",
    "random",
    "ready",
    "scheduling",
    "sharing",
    "signals",
    "start",
    "status",
    "text",
    "trace",
    "tree",
    "waiting",
  ].map((name) => `personality/${name}.c`),
  ...LIBC_FUNCTIONS,
];

/** The linker script of the personality. */
export const PERSONALITY_SCRIPT = "personality/personality.lds";

/** The sources of what logs the system calls of a guest of spt inside of it; for x86_64 alone. */
export const RECORDER_SOURCES: readonly string[] = ["recorder/entry.S", "recorder/calls.c"];

/** The linker script of the recorder. */
export const RECORDER_SCRIPT = "recorder/recorder.lds";

/** What the file name of a unikernel ends in, by what it was built for. */
export const EXTENSIONS: Readonly<Record<BuildTarget, string>> = {
  hvt: ".hvt",
  spt: ".spt",
  virtio: ".virtio",
  any: ".solo5",
};

/** The linker script of every target. */
export const LINKER_SCRIPT = "solo5.lds";

/** Where Solo5's headers lie. */
export const INCLUDE = "include";

/** Where the headers of a C library lie: those of the functions that are linked, and what the compiler's own need. */
export const LIBC = "include/libc";

/** For all C in a unikernel. */
const FREESTANDING = ["-ffreestanding", "-nostdinc", "-fno-pic", "-fno-pie"];

/** In addition, for each architecture; compilers for others refuse aarch64's. */
export const ARCHITECTURE_FLAGS: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ["-fcf-protection=none"],
  // Atomic operations are instructions, not calls of a library that chooses between instructions.
  aarch64: ["-mbranch-protection=none", "-mno-outline-atomics"],
};

const STACK_PROTECTOR = ["-fstack-protector-strong", "-mstack-protector-guard=global"];

/** For the `cc` wrapper, which leaves it to its user whether to optimise. */
export const WRAPPER_FLAGS = byArchitecture((architecture) => [
  ...FREESTANDING,
  ...ARCHITECTURE_FLAGS[architecture],
  ...STACK_PROTECTOR,
]);

/** For applications; a user's flags come after these. */
export const APPLICATION_FLAGS = byArchitecture((
  architecture,
) => [...WRAPPER_FLAGS[architecture], "-O2"]);

/** In addition for C++, whose exceptions and type information need a runtime library. */
export const CPLUSPLUS_FLAGS: readonly string[] = ["-fno-exceptions", "-fno-rtti"];

/** For a source of the bindings, which leave the vector registers to the application. */
export function bindingsFlags(source: string, architecture: Architecture): string[] {
  // The guard is set during start-up, so start-up cannot check it.
  const protector = source.endsWith("/start.c") ? ["-fno-stack-protector"] : STACK_PROTECTOR;
  return [
    ...FREESTANDING,
    ...ARCHITECTURE_FLAGS[architecture],
    "-O2",
    "-std=c11",
    // Only x86_64 has one: traps push onto the stack that they find.
    ...(architecture === "x86_64" ? ["-mno-red-zone"] : []),
    "-mgeneral-regs-only",
    // Debuggers find callers by this; it takes no guest memory.
    "-fno-asynchronous-unwind-tables",
    "-fno-unwind-tables",
    "-g1",
    ...protector,
  ];
}

/** For a source of the personality or the recorder, which run wherever they are put. */
export function personalityFlags(source: string): string[] {
  const others = bindingsFlags(source, "x86_64").filter((flag) =>
    !STACK_PROTECTOR.includes(flag) && flag !== "-fno-pic" && flag !== "-fno-pie"
  );
  return [...others, "-fno-stack-protector", "-fpie", "-fvisibility=hidden"];
}

/**
 * For objcopy: the symbols of the bindings that applications can see. GNU ld for aarch64 crashes at branches
 * to addresses whose symbols are local, so those of a portable unikernel's calls are among them.
 */
export const PUBLIC_SYMBOLS = [
  "solo5_*",
  "soloden_*",
  "_start",
  "__stack_chk_guard",
  "__stack_chk_fail",
];

/** For the linker, always. */
export const LINK_ARCHITECTURE: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ["-m", "elf_x86_64"],
  aarch64: ["-m", "aarch64linux"],
};

const IMAGE_FLAGS = [
  "--build-id=none",
  "-z",
  `max-page-size=${PAGE_SIZE}`,
  "-z",
  "noexecstack",
];

/** For the linker, to make a unikernel. */
export const LINK_FLAGS = byArchitecture((architecture) => [
  ...LINK_ARCHITECTURE[architecture],
  "-static",
  ...IMAGE_FLAGS,
]);

/** For the linker, to make the personality's image, or the recorder's. */
export const PERSONALITY_LINK_FLAGS: readonly string[] = [
  ...LINK_ARCHITECTURE.x86_64,
  "-pie",
  "--no-dynamic-linker",
  ...IMAGE_FLAGS,
  "-z",
  "norelro",
];

/** For the compiler, to link one. */
export const DRIVER_LINK_FLAGS: readonly string[] = [
  "-nostdlib",
  "-static",
  "-no-pie",
  `-Wl,${IMAGE_FLAGS.join(",")}`,
];

function byArchitecture(
  flags: (architecture: Architecture) => readonly string[],
): Readonly<Record<Architecture, readonly string[]>> {
  return { x86_64: flags("x86_64"), aarch64: flags("aarch64") };
}
