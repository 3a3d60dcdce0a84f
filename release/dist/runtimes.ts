/**
 * The runtimes in a release: the one that runs this task, and the one for the other architecture, which is
 * an npm package.
 *
 * @module
 */
import { join } from "node:path";
import type { Architecture } from "../../abi/elf.ts";
import { execute } from "./programs.ts";

/** A runtime for Linux. */
export interface Runtime {
  readonly architecture: Architecture;
  /** The npm package that it comes from. */
  readonly package: string;
  readonly version: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const PACKAGES: Record<Architecture, string> = {
  x86_64: "@deno/linux-x64-glibc",
  aarch64: "@deno/linux-arm64-glibc",
};

/** Reads a runtime from a file; its version has to be that of the runtime that runs this task. */
export function readRuntime(architecture: Architecture, path: string): Runtime {
  return {
    architecture,
    package: PACKAGES[architecture],
    version: Deno.version.deno,
    bytes: Deno.readFileSync(path),
  };
}

/**
 * Gets the runtime for an architecture: this one, or the newest on npm that has the same minor version and is
 * not newer than this one.
 *
 * @param scratch a directory for temporary files
 * @throws {Error} if npm has no such version
 */
export function getRuntime(architecture: Architecture, scratch: string): Runtime {
  if (architecture === Deno.build.arch && Deno.build.os === "linux") {
    return readRuntime(architecture, Deno.execPath());
  }
  const name = PACKAGES[architecture];
  const versions = JSON.parse(execute("npm", ["view", name, "versions", "--json"])) as unknown;
  const version = newestLike(Deno.version.deno, [versions].flat() as string[]);
  if (version === undefined) {
    throw new Error(`npm has no ${name} that is as old as ${Deno.version.deno}, and of its minor`);
  }
  const options = ["--silent", "--pack-destination", scratch];
  const archive = execute("npm", ["pack", ...options, `${name}@${version}`]).trim();
  execute("tar", ["-xzf", join(scratch, archive), "-C", scratch]);
  const bytes = Deno.readFileSync(join(scratch, "package/deno"));
  return { architecture, package: name, version, bytes };
}

/** The newest of some versions that shares a version's major and minor number and is not newer. */
export function newestLike(wanted: string, versions: readonly string[]): string | undefined {
  const [major, minor, patch] = wanted.split(".").map(Number);
  const patches = versions.map((version) => /^(\d+)\.(\d+)\.(\d+)$/.exec(version)?.map(Number))
    .filter((parts) => parts !== undefined && parts[1] === major && parts[2] === minor)
    .map((parts) => parts![3]!)
    .filter((candidate) => candidate <= patch!);
  return patches.length === 0 ? undefined : `${major}.${minor}.${Math.max(...patches)}`;
}
