/**
 * What the toolchain's wrappers do: the command, its status, and the text that build systems look for.
 *
 * @module
 */
import type { Row } from "./parity_table.ts";

/** What the toolchain's wrappers do, by their last name; they run where the files are. */
export const TOOLCHAIN_ROWS: readonly (Row & { readonly tool: "cc" | "ld" | "objcopy" })[] = [
  { tool: "cc", args: [], status: 1, says: ["No input files"] },
  { tool: "cc", args: ["-v"], status: 0 },
  { tool: "cc", args: ["-dumpmachine"], status: 0, prints: "x86_64" },
  { tool: "cc", args: ["-c", "none.c"], status: 1 },
  { tool: "cc", args: ["-c", "main.c", "-o", "main.o"], status: 0 },
  { tool: "cc", args: ["-c", "manifest.c", "-o", "manifest.o"], status: 0 },
  { tool: "cc", args: ["-E", "-dM", "main.c"], status: 0, prints: "#define __STDC_HOSTED__ 0" },
  { tool: "cc", args: ["-M", "main.c"], status: 0, prints: "include/solo5/solo5.h" },
  { tool: "cc", args: ["-S", "main.c", "-o", "-"], status: 0, prints: "solo5_app_main" },
  { tool: "cc", args: ["-fsyntax-only", "main.c"], status: 0 },
  { tool: "cc", args: ["configure.c", "-o", "configure"], status: 0 },
  { tool: "cc", args: ["main.o", "manifest.o", "-o", "main.stub"], status: 0 },
  {
    tool: "cc",
    args: ["-z", "solo5-abi=hvt", "main.o", "manifest.o", "-o", "main.hvt"],
    status: 0,
  },
  {
    tool: "cc",
    args: ["-z", "solo5-abi=hvt", "-z", "solo5-abi=spt", "main.c", "manifest.c", "-o", "main.spt"],
    status: 0,
  },
  {
    tool: "cc",
    args: ["-z", "solo5-abi=none", "main.o"],
    status: 1,
    says: ["cannot open linker script file solo5_none.lds"],
  },
  { tool: "cc", args: ["-z", "solo5-abi=hvt", "manifest.o"], status: 1 },
  { tool: "ld", args: [], status: 1 },
  { tool: "ld", args: ["--version"], status: 0, prints: "ld" },
  { tool: "ld", args: ["none.o"], status: 1 },
  { tool: "ld", args: ["-r", "main.o", "manifest.o", "-o", "both.o"], status: 0 },
  { tool: "ld", args: ["-z", "solo5-abi=hvt", "both.o", "-o", "linked.hvt"], status: 0 },
  { tool: "ld", args: ["-z", "solo5-abi=spt", "both.o", "-o", "linked.spt"], status: 0 },
  {
    tool: "ld",
    args: ["-z", "solo5-abi=none", "both.o"],
    status: 1,
    says: ["cannot open linker script file solo5_none.lds"],
  },
  { tool: "objcopy", args: ["--version"], status: 0, prints: "objcopy" },
  { tool: "objcopy", args: ["none.o"], status: 1 },
  { tool: "objcopy", args: ["--strip-debug", "main.hvt", "stripped.hvt"], status: 0 },
];
