/**
 * What the commands `build`, `install` and `uninstall` do.
 *
 * @module
 */
import { basename, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Architecture } from "../abi/elf.ts";
import { exists } from "./cache.ts";
import { ToolchainError } from "./error.ts";
import { install, type Program, uninstall } from "./install.ts";
import { type BuildTarget, EXTENSIONS } from "./targets.ts";
import { buildUnikernel, findToolchain } from "./toolchain.ts";

/** What to build, and for which targets. */
export interface BuildOptions {
  /** Paths of sources, objects and archives; the first one gives the unikernels their name. */
  readonly sources: readonly string[];
  /** Default: the target that `output` ends in, else hvt and spt. */
  readonly targets?: readonly BuildTarget[];
  /** The architecture to build for; any but this one needs a cross compiler. Default: x86_64. */
  readonly architecture?: Architecture;
  /** Path of the manifest. Default: manifest.json beside the first source, else one without devices. */
  readonly manifest?: string;
  /**
   * Path of the unikernels without what their names end in (`.hvt`, `.spt`, `.solo5`), or of the only one
   * with it. Default: the first
   * source's name, in the current directory.
   */
  readonly output?: string;
  /** Flags for the compiler, after the project's own. */
  readonly ccFlags?: readonly string[];
  /** Called with what is built next, and the fraction that is done, from 0 to 1. */
  readonly progress?: (progress: { what: string; part: number }) => void;
}

/**
 * Builds a unikernel for each target.
 *
 * @returns the paths that were written
 * @throws {ToolchainError} if one cannot be built
 * @throws {ElfError} if the manifest is not valid
 */
export async function build(options: BuildOptions): Promise<string[]> {
  const { sources, output, manifest, ccFlags } = options;
  const [first] = sources;
  if (first === undefined) throw new ToolchainError("source", "no source to build from");
  if (first === "") throw new ToolchainError("source", "'': no such file");
  const name = output ?? basename(first, extname(first));
  if (/(^|\/)$/.test(name)) {
    throw new ToolchainError("source", `--output: '${name}' does not name a file`);
  }
  const toolchain = findToolchain({ architecture: options.architecture });
  const written: string[] = [];
  const wanted = new Set(options.targets ?? targetsFor(name));
  for (const target of wanted) {
    options.progress?.({ what: `${name} for ${target}`, part: written.length / wanted.size });
    const extension = EXTENSIONS[target];
    const path = wanted.size === 1 && name.endsWith(extension) ? name : `${name}${extension}`;
    await buildUnikernel(sources, { target, output: path, manifest, ccFlags, toolchain });
    written.push(path);
  }
  return written;
}

function targetsFor(name: string): readonly BuildTarget[] {
  const all = Object.keys(EXTENSIONS) as BuildTarget[];
  const named = all.filter((target) => name.endsWith(EXTENSIONS[target]));
  return named.length > 0 ? named : ["hvt", "spt"];
}

/**
 * Installs the programs and the toolchain.
 *
 * @param options `program`: path of the executable or script that the programs lead to; this program
 * if not given
 * @returns what to print
 * @throws {ToolchainError} if a file is in the way or the program does not exist
 */
export async function installCommand(
  { prefix, program, force }: { prefix: string; program?: string; force?: boolean },
): Promise<string> {
  const place = placeOf(prefix);
  const count = await install({ prefix: place, force, program: findProgram(program) });
  return `installed ${count} files under ${place}\n`;
}

/**
 * Uninstalls.
 *
 * @returns what to print
 * @throws {ToolchainError} if nothing is installed there
 */
export async function uninstallCommand({ prefix }: { prefix: string }): Promise<string> {
  const place = placeOf(prefix);
  const { removed, kept } = await uninstall({ prefix: place });
  const lines = kept.map((path) => `kept ${path}: it was changed after it was installed`);
  return [...lines, `removed ${removed} files from ${place}\n`].join("\n");
}

/** A prefix as a path: below `$DESTDIR`, which packagers set. */
function placeOf(prefix: string): string {
  if (prefix === "") throw new ToolchainError("install", "--prefix: expected a directory");
  return resolve(join(Deno.env.get("DESTDIR") ?? "", resolve(prefix)));
}

/** What installed programs lead to: the given file, else this program. */
function findProgram(given: string | undefined): Program {
  const path = given ?? thisProgram();
  if (!isFile(path)) throw new ToolchainError("install", `${path}: no such program`);
  return /\.(js|ts)$/.test(path)
    ? { kind: "script", runtime: Deno.execPath(), path }
    : { kind: "binary", path };
}

function isFile(path: string): boolean {
  return exists(path) && Deno.statSync(path).isFile;
}

/** What the user started: the npm package's script, a script of the runtime, or the single executable. */
export function thisProgram(): string {
  const { solodenScript } = globalThis as { solodenScript?: string };
  if (solodenScript !== undefined) return solodenScript;
  const main = Deno.mainModule;
  const script = main.startsWith("file:") ? fileURLToPath(main) : undefined;
  return script !== undefined && exists(script) ? script : Deno.execPath();
}
