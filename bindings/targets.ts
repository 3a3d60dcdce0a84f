/**
 * The build rules of each target, as data: which files its bindings consist of and which flags
 * compile and link what. Both gcc and clang, and both GNU ld and lld, take every flag here.
 *
 * @module
 */
import type { ABI_VERSION } from "../abi/notes.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";

/** A target that this project builds for. */
export type BuildTarget = keyof typeof ABI_VERSION;

/** What bindings are for: a target, or none that could run, which only link. */
export type BindingsTarget = BuildTarget | "stub";

/** How to build the bindings of a target. */
export interface TargetRules {
  /** Sources, by their names in this room. */
  readonly sources: readonly string[];
}

const COMMON = [
  "common/block.c",
  "common/devices.c",
  "common/exit.c",
  "common/log.c",
  "common/memory.c",
  "common/memory_functions.c",
  "common/net.c",
  "common/stack_guard.c",
  "common/start.c",
  "common/text.c",
  "common/tls_x86_64.c",
];

/** The rules by target. */
export const TARGET_RULES: Readonly<Record<BindingsTarget, TargetRules>> = {
  hvt: {
    sources: [
      ...COMMON,
      "hvt/clock.c",
      "hvt/devices.c",
      "hvt/platform.c",
      "hvt/start.c",
      "hvt/tables_x86_64.S",
      "hvt/trap.c",
    ],
  },
  spt: {
    sources: [
      ...COMMON,
      "spt/clock.c",
      "spt/devices.c",
      "spt/platform.c",
      "spt/start.c",
    ],
  },
  stub: { sources: ["stub/stub.c"] },
};

/** The linker script of every target. */
export const LINKER_SCRIPT = "solo5.lds";

/** Where headers lie: Solo5's own, and what the compiler's need to be complete without a libc. */
export const INCLUDE = ["include", "include/libc"] as const;

/** For any C that runs in a unikernel. */
const FREESTANDING = [
  "-ffreestanding",
  "-nostdinc",
  "-fno-pic",
  "-fno-pie",
  "-fcf-protection=none",
];

const STACK_PROTECTOR = ["-fstack-protector-strong", "-mstack-protector-guard=global"];

/** For the `cc` wrapper, which leaves it to its user whether to optimise. */
export const WRAPPER_FLAGS: readonly string[] = [...FREESTANDING, ...STACK_PROTECTOR];

/** For applications; a user's flags come after these. */
export const APPLICATION_FLAGS: readonly string[] = [...WRAPPER_FLAGS, "-O2"];

/** In addition for C++, whose exceptions and type information need a runtime library. */
export const CPLUSPLUS_FLAGS: readonly string[] = ["-fno-exceptions", "-fno-rtti"];

/** For a source of the bindings, which leave the vector registers to the application. */
export function bindingsFlags(source: string): string[] {
  // The guard comes to be during start-up, so start-up cannot be checked against it.
  const protector = source.endsWith("/start.c") ? ["-fno-stack-protector"] : STACK_PROTECTOR;
  return [
    ...FREESTANDING,
    "-O2",
    "-std=c11",
    "-mno-red-zone",
    "-mgeneral-regs-only",
    // Debuggers find callers by this; it takes no room in a guest's memory.
    "-fno-asynchronous-unwind-tables",
    "-g1",
    ...protector,
  ];
}

/** For objcopy: what of the bindings an application can see. */
export const PUBLIC_SYMBOLS = ["solo5_*", "_start", "__stack_chk_guard", "__stack_chk_fail"];

/** For the linker, whatever it links. */
export const LINK_MACHINE = ["-m", "elf_x86_64"];

const IMAGE_FLAGS = [
  "--build-id=none",
  "-z",
  `max-page-size=${PAGE_SIZE}`,
  "-z",
  "noexecstack",
];

/** For the linker, to make a unikernel. */
export const LINK_FLAGS: readonly string[] = [...LINK_MACHINE, "-static", ...IMAGE_FLAGS];

/** For the compiler, to have it link one. */
export const DRIVER_LINK_FLAGS: readonly string[] = [
  "-nostdlib",
  "-static",
  "-no-pie",
  `-Wl,${IMAGE_FLAGS.join(",")}`,
];
