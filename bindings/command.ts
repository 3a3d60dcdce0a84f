/**
 * What the command `build` does.
 *
 * @module
 */
import { basename, extname } from "node:path";
import { ToolchainError } from "./error.ts";
import type { BuildTarget } from "./targets.ts";
import { buildUnikernel, findToolchain } from "./toolchain.ts";

/** What to build, and for which targets. */
export interface BuildOptions {
  /** Paths of sources, objects and archives; the first one gives the unikernels their name. */
  readonly sources: readonly string[];
  /** Default: all. */
  readonly targets?: readonly BuildTarget[];
  /** Path of the manifest. Default: manifest.json beside the first source, else one without devices. */
  readonly manifest?: string;
  /**
   * Path of the unikernels without `.TARGET`, or of the only one with it. Default: the first
   * source's name, in the current directory.
   */
  readonly output?: string;
  /** Flags for the compiler, after the project's own. */
  readonly ccFlags?: readonly string[];
}

/**
 * Builds a unikernel for each target.
 *
 * @returns the paths that were written
 * @throws {ToolchainError} if one cannot be built
 * @throws {ElfError} if the manifest is not one
 */
export async function build(options: BuildOptions): Promise<string[]> {
  const { sources, targets = ["hvt", "spt"], output, manifest, ccFlags } = options;
  const [first] = sources;
  if (first === undefined) throw new ToolchainError("source", "no source to build from");
  const name = output ?? basename(first, extname(first));
  const toolchain = findToolchain();
  const written: string[] = [];
  for (const target of new Set(targets)) {
    const path = targets.length === 1 && /\.(hvt|spt)$/.test(name) ? name : `${name}.${target}`;
    await buildUnikernel(sources, { target, output: path, manifest, ccFlags, toolchain });
    written.push(path);
  }
  return written;
}
