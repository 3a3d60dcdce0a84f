/**
 * Finds the programs that build unikernels on this machine, and runs them. Only this file and wrappers.ts
 * run `cc`, `ld` and `objcopy`.
 *
 * @module
 */
import { join } from "node:path";
import type { Architecture } from "../abi/elf.ts";
import { systemReason } from "../linux/system_reason.ts";
import { childEnvironment } from "../linux/user_environment.ts";
import { ToolchainError, type ToolchainErrorCode } from "./error.ts";
import { ARCHITECTURE_FLAGS } from "./targets.ts";

/** The programs that build unikernels, and the architecture that they build for. */
export interface Toolchain {
  /** The architecture that they build for. */
  readonly architecture: Architecture;
  /** The compiler: its name or path, and arguments that always come first. */
  readonly cc: readonly string[];
  /** The first line of its `--version`. */
  readonly version: string;
  /** The directory of the headers that belong to the compiler. */
  readonly headers: string;
  readonly ld: readonly string[];
  readonly objcopy: readonly string[];
}

/** Which programs to use instead of those that are found. */
export interface ToolchainChoice {
  /** The architecture to build for. Default: x86_64. */
  readonly architecture?: Architecture;
  /** Command of the compiler. Default: `$CC`, for another architecture `$TARGET_CC`. */
  readonly cc?: string;
  /** Command of the linker. Default: `$LD`, `$TARGET_LD`. */
  readonly ld?: string;
  /** Command of objcopy. Default: `$OBJCOPY`, `$TARGET_OBJCOPY`. */
  readonly objcopy?: string;
}

/**
 * Finds a compiler (`$CC`, else cc, gcc, clang), a linker (`$LD`, else ld, ld.lld) and objcopy
 * (`$OBJCOPY`, else objcopy, llvm-objcopy). For an architecture that is not this one, the variables' names
 * begin with `TARGET_` and the programs' with `ARCHITECTURE-linux-gnu-`; clang and lld know every architecture.
 *
 * @throws {ToolchainError} "no-tool": one line, which names what to install
 */
export function findToolchain(choice: ToolchainChoice = {}): Toolchain {
  const { architecture = "x86_64" } = choice;
  const tools = architecture === Deno.build.arch ? NATIVE : crossTools(architecture);
  const cc = find(choice.cc, tools.cc);
  const version = output([...cc, "--version"])!.split("\n")[0]!;
  const headers = version.includes("clang")
    ? join(output([...cc, "-print-resource-dir"]) ?? "", "include")
    : output([...cc, "-print-file-name=include"]) ?? "";
  const ld = find(choice.ld, tools.ld);
  const objcopy = find(choice.objcopy, tools.objcopy);
  return { architecture, cc, version, headers, ld, objcopy };
}

/** The toolchain for x86_64, and the one for aarch64 if it is complete. */
export function findToolchains(): Toolchain[] {
  const toolchains = [findToolchain()];
  try {
    toolchains.push(findToolchain({ architecture: "aarch64" }));
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
  }
  return toolchains;
}

/** A tool from the environment, unless it is one of our own wrappers, which would call themselves. */
function environment(variable: string): string | undefined {
  const command = Deno.env.get(variable);
  return command !== undefined && /-solo5-none-static-/.test(command) ? undefined : command;
}

/** A program, with the commands to try for it. */
interface Tool {
  readonly variable: string;
  readonly commands: readonly (readonly string[])[];
  readonly what: string;
  readonly install: string;
  /** Arguments with which it succeeds if it is usable. Default: `--version`. */
  readonly probe?: readonly string[];
}

/** The programs for this machine. */
const NATIVE: Record<"cc" | "ld" | "objcopy", Tool> = {
  cc: {
    variable: "CC",
    commands: [["cc"], ["gcc"], ["clang"]],
    what: "a C compiler",
    install: "gcc or clang",
  },
  ld: {
    variable: "LD",
    commands: [["ld"], ["ld.lld"]],
    what: "a linker",
    install: "binutils or lld",
  },
  objcopy: {
    variable: "OBJCOPY",
    commands: [["objcopy"], ["llvm-objcopy"]],
    what: "objcopy",
    install: "binutils or llvm",
  },
};

/** The programs for another architecture, by the names that distributions give them. */
function crossTools(architecture: Architecture): typeof NATIVE {
  const prefix = `${architecture}-linux-gnu`;
  // Where clang only compiles, it would warn each time that it does not use the linker's name.
  const clang = [`--target=${prefix}`, "-fuse-ld=lld", "-Wno-unused-command-line-argument"];
  return {
    cc: {
      variable: "TARGET_CC",
      commands: [[`${prefix}-gcc`], ["clang", ...clang]],
      what: `a C compiler for ${architecture}`,
      install: `gcc-${prefix} or clang`,
      // A clang may lack this machine, and a variable may name a compiler for another.
      probe: [...ARCHITECTURE_FLAGS[architecture], "-x", "c", "-S", "/dev/null", "-o", "-"],
    },
    ld: {
      variable: "TARGET_LD",
      commands: [[`${prefix}-ld`], ["ld.lld"]],
      what: `a linker for ${architecture}`,
      install: `binutils-${prefix} or lld`,
    },
    objcopy: {
      variable: "TARGET_OBJCOPY",
      commands: [[`${prefix}-objcopy`], ["llvm-objcopy"]],
      what: `objcopy for ${architecture}`,
      install: `binutils-${prefix} or llvm`,
    },
  };
}

/** The command that the caller or the environment chose, else the first one that runs. */
function find(choice: string | undefined, tool: Tool): string[] {
  const { commands, what, install, probe } = tool;
  const chosen = choice ?? environment(tool.variable);
  const candidates = chosen ? [chosen.trim().split(/\s+/)] : commands;
  const found = candidates.find((command) =>
    output([...command, ...probe ?? ["--version"]]) !== undefined
  );
  if (found !== undefined) return [...found];
  const names = commands.map(([name]) => name).join(", ");
  const fault = probe === undefined ? "does not run" : "does not build for it";
  const tried = chosen ? `'${chosen}' ${fault}` : `no ${names}`;
  throw new ToolchainError("no-tool", `${what} is missing (${tried}): install ${install}`);
}

/** The output of a command; undefined if it does not run or fails. */
function output([command, ...args]: string[]): string | undefined {
  try {
    const options = { args, stderr: "null", ...childEnvironment() } as const;
    const { success, stdout } = new Deno.Command(command!, options).outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** What compilers and linkers print for programs that need an operating system. */
const HINTS: readonly (readonly [complaint: RegExp, hint: string])[] = [
  [
    /\.h: No such file|'[\w/]+\.h' file not found/,
    "there is no C library: solo5.h and string.h are all there is",
  ],
  [
    /undefined (reference to|symbol:) [`']?solo5_app_main/,
    "a unikernel begins at solo5_app_main, not at main",
  ],
];

/** Runs a tool. Its messages go to standard error if it succeeds, else into the error. */
export async function run(
  code: ToolchainErrorCode,
  subject: string,
  [command, ...args]: string[],
  cwd?: string,
): Promise<void> {
  const options = { args, cwd, stdout: "null", ...childEnvironment() } as const;
  const { success, stderr } = await end(new Deno.Command(command!, options));
  if (!success) {
    const reason = new TextDecoder().decode(stderr).trim();
    const hint = HINTS.find(([complaint]) => complaint.test(reason))?.[1];
    const lines = [`${subject}: does not ${code}`, reason, ...(hint === undefined ? [] : [hint])];
    throw new ToolchainError(code, lines.join("\n"), reason.split("\n"));
  }
  if (stderr.length > 0) Deno.stderr.writeSync(stderr);
}

/** Whether a command succeeds, and its messages; if it cannot be started, the reason. */
async function end(command: Deno.Command): Promise<{ success: boolean; stderr: Uint8Array }> {
  try {
    return await command.output();
  } catch (error) {
    return { success: false, stderr: new TextEncoder().encode(systemReason(error)) };
  }
}
