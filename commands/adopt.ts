/**
 * The command `adopt`.
 *
 * @module
 */
import { adopt } from "../bindings/adopt.ts";
import { bindingsImage } from "../bindings/bindings_image.ts";
import type { ImageTarget } from "../bindings/targets.ts";
import { ElfError } from "../elftool/error.ts";
import { linkPortable } from "../elftool/link_portable.ts";
import { compileManifest } from "../elftool/manifest_source.ts";
import type { RootFile } from "../elftool/root_image.ts";
import { readTar } from "../elftool/tar_reader.ts";
import { guarded, readInput } from "../linux/files.ts";
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
  const { target, root, env = [], manifest, strace, output } = flags;
  keepInputs(output, [path, root, manifest].filter((input) => input !== undefined));
  const name = path === "-" ? "<stdin>" : path;
  const adopted = await adopt(readInput(path), {
    name,
    root: root === undefined ? [] : readRoot(root),
    rootName: root,
    environment: Object.fromEntries(env.map(variable)),
    manifest: manifest === undefined ? undefined : readManifest(manifest),
    strace,
  });
  if (target === undefined) return writeOutput(output, adopted);
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

function readManifest(path: string) {
  return compileManifest(new TextDecoder().decode(readInput(path)), { name: path });
}

/** Reads a root file system: a directory with all that is in it, or a tar archive. */
function readRoot(path: string): RootFile[] {
  if (!guarded(path, () => Deno.statSync(path)).isDirectory) {
    return readTar(readInput(path), { name: path });
  }
  return [rootFile(path, "/")!, ...filesIn(path, "")];
}

/** The files in a directory, by their names; a directory comes before what is in it. */
function filesIn(directory: string, prefix: string): RootFile[] {
  const names = guarded(directory, () => [...Deno.readDirSync(directory)].map(({ name }) => name));
  return names.sort().flatMap((name) => {
    const path = `${directory}/${name}`;
    const file = rootFile(path, `${prefix}/${name}`);
    if (file === undefined) return [];
    return file.type === "directory" ? [file, ...filesIn(path, file.path)] : [file];
  });
}

/** A file; undefined for devices, sockets and pipes, which are left out. */
function rootFile(path: string, inside: string): RootFile | undefined {
  const { isDirectory, isFile, isSymlink, mode, mtime, uid, gid } = guarded(
    path,
    () => inside === "/" ? Deno.statSync(path) : Deno.lstatSync(path),
  );
  const common = {
    path: inside,
    mode: mode! & 0o7777,
    mtime: Math.max(0, Math.floor((mtime?.getTime() ?? 0) / 1000)),
    uid: uid ?? 0,
    gid: gid ?? 0,
  };
  if (isDirectory) return { ...common, type: "directory" };
  if (isFile) return { ...common, type: "file", content: readInput(path) };
  if (!isSymlink) return undefined;
  return { ...common, type: "symlink", target: guarded(path, () => Deno.readLinkSync(path)) };
}
