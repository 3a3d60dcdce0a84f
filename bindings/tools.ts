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
  readonly ld: string;
  readonly objcopy: string;
}

/**
 * Finds a compiler (`$CC`, else cc, gcc, clang), a linker (`$LD`, else ld, ld.lld) and objcopy
 * (`$OBJCOPY`, else objcopy, llvm-objcopy).
 *
 * @throws {ToolchainError} "no-tool": with one line that says what to install
 */
export function findToolchain(): Toolchain {
  const cc = find("CC", ["cc", "gcc", "clang"], "a C compiler", "gcc or clang");
  const version = output([...cc, "--version"])!.split("\n")[0]!;
  const headers = version.includes("clang")
    ? join(output([...cc, "-print-resource-dir"]) ?? "", "include")
    : output([...cc, "-print-file-name=include"]) ?? "";
  const [ld] = find("LD", ["ld", "ld.lld"], "a linker", "binutils or lld");
  const [objcopy] = find("OBJCOPY", ["objcopy", "llvm-objcopy"], "objcopy", "binutils or llvm");
  return { cc, version, headers, ld: ld!, objcopy: objcopy! };
}

function find(variable: string, names: string[], what: string, install: string): string[] {
  const chosen = Deno.env.get(variable)?.trim();
  const candidates = chosen ? [chosen.split(/\s+/)] : names.map((name) => [name]);
  const found = candidates.find((command) => output([...command, "--version"]) !== undefined);
  if (found !== undefined) return found;
  const tried = chosen
    ? `$${variable} is '${chosen}', which does not run`
    : `no ${names.join(", ")}`;
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
