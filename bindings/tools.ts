/**
 * The programs that build unikernels: found on this machine, and run. The only file that runs `cc`,
 * `ld` and `objcopy`.
 *
 * @module
 */
import { join } from "node:path";
import { ToolchainError, type ToolchainErrorCode } from "./error.ts";

/** The programs that build unikernels. */
export interface Toolchain {
  /** The compiler: its name or path, and arguments that always come first. */
  readonly cc: readonly string[];
  /** The first line of what it says of itself. */
  readonly version: string;
  /** The directory of the headers that belong to the compiler. */
  readonly headers: string;
  readonly ld: readonly string[];
  readonly objcopy: readonly string[];
}

/** Which programs to use, where not those that are found. */
export interface ToolchainChoice {
  /** Command of the compiler. Default: `$CC`. */
  readonly cc?: string;
  /** Command of the linker. Default: `$LD`. */
  readonly ld?: string;
  /** Command of objcopy. Default: `$OBJCOPY`. */
  readonly objcopy?: string;
}

/**
 * Finds a compiler (`$CC`, else cc, gcc, clang), a linker (`$LD`, else ld, ld.lld) and objcopy
 * (`$OBJCOPY`, else objcopy, llvm-objcopy).
 *
 * @throws {ToolchainError} "no-tool": with one line that says what to install
 */
export function findToolchain(choice: ToolchainChoice = {}): Toolchain {
  const cc = find(choice.cc ?? environment("CC"), {
    names: ["cc", "gcc", "clang"],
    what: "a C compiler",
    install: "gcc or clang",
  });
  const version = output([...cc, "--version"])!.split("\n")[0]!;
  const headers = version.includes("clang")
    ? join(output([...cc, "-print-resource-dir"]) ?? "", "include")
    : output([...cc, "-print-file-name=include"]) ?? "";
  const ld = find(choice.ld ?? environment("LD"), {
    names: ["ld", "ld.lld"],
    what: "a linker",
    install: "binutils or lld",
  });
  const objcopy = find(choice.objcopy ?? environment("OBJCOPY"), {
    names: ["objcopy", "llvm-objcopy"],
    what: "objcopy",
    install: "binutils or llvm",
  });
  return { cc, version, headers, ld, objcopy };
}

/** A tool from the environment. Build systems put our own wrappers there, which would find themselves. */
function environment(variable: string): string | undefined {
  const command = Deno.env.get(variable);
  return command !== undefined && /-solo5-none-static-/.test(command) ? undefined : command;
}

/** A program of which there are several to choose from. */
interface Tool {
  readonly names: readonly string[];
  readonly what: string;
  readonly install: string;
}

/** The command that was chosen, else the first of the tool's names that runs. */
function find(chosen: string | undefined, { names, what, install }: Tool): string[] {
  const candidates = chosen ? [chosen.trim().split(/\s+/)] : names.map((name) => [name]);
  const found = candidates.find((command) => output([...command, "--version"]) !== undefined);
  if (found !== undefined) return found;
  const tried = chosen ? `'${chosen}' does not run` : `no ${names.join(", ")}`;
  throw new ToolchainError("no-tool", `${what} is missing (${tried}): install ${install}`);
}

/** What a command prints, or nothing where it does not run or fails. */
function output([command, ...args]: string[]): string | undefined {
  try {
    const { success, stdout } = new Deno.Command(command!, { args, stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a tool; what it says goes to standard error where it succeeds, and into the error where not. */
export async function run(
  code: ToolchainErrorCode,
  subject: string,
  [command, ...args]: string[],
  cwd?: string,
): Promise<void> {
  const { success, stderr } = await new Deno.Command(command!, { args, cwd, stdout: "null" })
    .output();
  if (!success) {
    const reason = new TextDecoder().decode(stderr).trim();
    throw new ToolchainError(code, `${subject}: does not ${code}\n${reason}`);
  }
  if (stderr.length > 0) Deno.stderr.writeSync(stderr);
}
