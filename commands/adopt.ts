/**
 * The command `adopt`.
 *
 * @module
 */
import type { Manifest } from "../abi/manifest.ts";
import { adopt } from "../bindings/adopt.ts";
import type { ImageTarget } from "../bindings/targets.ts";
import { ElfError } from "../elftool/error.ts";
import { readInput } from "../linux/files.ts";
import { keepInputs, writeOutput } from "../linux/output.ts";

/** Options of {@linkcode adoptFile}. */
export interface AdoptFlags {
  /** Default: a portable unikernel. */
  readonly target?: ImageTarget;
  /** Path of a directory, or of a tar archive. */
  readonly root?: string;
  /** Each `NAME=VALUE`. */
  readonly env?: readonly string[];
  /** Path of the manifest. */
  readonly manifest?: string;
  readonly strace?: boolean;
  readonly strip?: boolean;
  readonly output: string;
}

/**
 * Makes a unikernel of a static Linux program.
 *
 * @throws {ElfError} as `adopt` does; "file" if a file cannot be read or written, or is an input and the
 * output; "manifest-source" for a mistake in the manifest; "program" if a variable has no name
 * @throws {ToolchainError} if the personality or bindings have to be built, and a tool is missing or fails
 */
export async function adoptFile(path: string, flags: AdoptFlags): Promise<void> {
  const { target, root, env = [], manifest, strace, strip, output } = flags;
  keepInputs(output, [path, root, manifest].filter((input) => input !== undefined));
  const name = path === "-" ? "<stdin>" : path;
  const adopted = await adopt(readInput(path), {
    name,
    root: root === undefined ? [] : (await import("./root_files.ts")).readRoot(root),
    rootName: root,
    environment: Object.fromEntries(env.map(variable)),
    manifest: manifest === undefined ? undefined : await readManifest(manifest),
    strace,
    strip,
  });
  if (target === undefined) return writeOutput(output, adopted);
  const { bindingsImage } = await import("../bindings/bindings_image.ts");
  const { linkPortable } = await import("../elftool/link_portable.ts");
  const image = await bindingsImage(target, "x86_64");
  writeOutput(output, linkPortable(adopted, image, { name }));
}

function variable(written: string): [string, string] {
  const equals = written.indexOf("=");
  if (equals <= 0) {
    throw new ElfError("program", `--env ${written}: expected NAME=VALUE`);
  }
  return [written.slice(0, equals), written.slice(equals + 1)];
}

async function readManifest(path: string): Promise<Manifest> {
  const { compileManifest } = await import("../elftool/manifest_source.ts");
  return compileManifest(new TextDecoder().decode(readInput(path)), { name: path });
}
