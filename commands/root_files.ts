/**
 * Files of this host as files of a root file system.
 *
 * @module
 */
import type { RootFile } from "../elftool/root_image.ts";
import { readTar } from "../elftool/tar_reader.ts";
import { guarded, readInput } from "../linux/files.ts";

/**
 * Reads a root file system: a directory with all that is in it, or a tar archive.
 *
 * @throws {ElfError} "file" if a file cannot be read, "root" if the archive is damaged
 */
export function readRoot(path: string): RootFile[] {
  if (!guarded(path, () => Deno.statSync(path)).isDirectory) {
    return readTar(readInput(path), { name: path });
  }
  return [rootFile(path, "/")!, ...filesIn(path)];
}

/**
 * The files in a directory, by their names; a directory comes before what is in it. Devices, sockets and pipes
 * are left out.
 *
 * @param prefix what goes before their paths in the root
 * @throws {ElfError} "file" if one cannot be read
 */
export function filesIn(directory: string, prefix = ""): RootFile[] {
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
