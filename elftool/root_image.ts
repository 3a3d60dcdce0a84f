/**
 * The root file system of an adopted program, as it lies in the unikernel's memory.
 *
 * @module
 */
import { FILE_TYPES, PersonalityFile } from "../abi/personality.ts";
import { viewOf } from "../abi/layout.ts";
import { ElfError } from "./error.ts";
import type { MemoryImage } from "./memory_image.ts";
import { printable } from "./printable.ts";

/** A file of a root file system. */
export interface RootFile {
  /** From the root; slashes and `.` that mean nothing are allowed, `..` is not. */
  readonly path: string;
  /** A hard link is another name of a file before it. */
  readonly type: "file" | "directory" | "symlink" | "hardlink";
  /** Of a regular file. */
  readonly content?: Uint8Array;
  /** Where a symbolic link leads; of a hard link, the path of the file that it is another name of. */
  readonly target?: string;
  /** Permissions. */
  readonly mode: number;
  /** Seconds since the Unix epoch. */
  readonly mtime: number;
  /** Number of its owner. Default: 0, root. */
  readonly uid?: number;
  /** Number of its group. Default: 0. */
  readonly gid?: number;
}

/** A file, and for a directory what is in it. */
interface Place {
  file: RootFile;
  readonly children: Map<string, Place>;
}

/** Longest name in a directory, in bytes. */
const NAME_MAX = 255;
/** Longest path, in bytes with its NUL. */
const PATH_MAX = 4096;

/** What the personality puts files of its own into, or makes itself. */
const DIRECTORIES = ["dev", "proc", "proc/self", "tmp"];

/**
 * Lays out a root file system.
 *
 * @param options `name`: what it was made from, for messages
 * @returns the address of the array of files, and how many there are
 * @throws {ElfError} "root" if a file cannot be where it is
 */
export function putRoot(
  image: MemoryImage,
  files: readonly RootFile[],
  options: { name: string },
): { address: number; count: number } {
  const root = treeOf(files, options);
  const entries: Partial<Parameters<typeof PersonalityFile.encode>[0]>[] = [];
  const numbers = new Map<RootFile, number>();
  const visit = (place: Place, at: { name: string; parent: number }) => {
    const { file } = place;
    const number = entries.length;
    const known = numbers.get(file);
    if (known === undefined) numbers.set(file, number);
    entries.push({
      ...describe(image, file),
      name: image.text(at.name),
      parent: at.parent,
      ...(known === undefined ? {} : { link: known }),
    });
    for (const [name, child] of place.children) visit(child, { name, parent: number });
  };
  visit(root, { name: "", parent: 0 });
  const table = new Uint8Array(entries.length * PersonalityFile.size);
  entries.forEach((entry, index) =>
    PersonalityFile.write(viewOf(table), index * PersonalityFile.size, entry)
  );
  return { address: image.put(table, PersonalityFile.align), count: entries.length };
}

function describe(image: MemoryImage, file: RootFile) {
  const { type, mode, mtime, uid = 0, gid = 0 } = file;
  const common = { mtime: BigInt(mtime), uid, gid };
  if (type === "directory") return { ...common, mode: FILE_TYPES.directory | mode };
  if (type === "file") {
    const content = file.content ?? new Uint8Array();
    const address = image.put(content, CONTENT_ALIGN);
    return { ...common, mode: FILE_TYPES.file | mode, content: address, size: content.length };
  }
  const target = new TextEncoder().encode(file.target);
  const address = image.put(target, 1);
  return { ...common, mode: FILE_TYPES.symlink | 0o777, content: address, size: target.length };
}

/** Contents are copied fastest from there. */
const CONTENT_ALIGN = 64;

function treeOf(files: readonly RootFile[], { name }: { name: string }): Place {
  const root = directory("/");
  const fail = (file: RootFile, rule: string) =>
    new ElfError("root", `${name}: ${printable(file.path)}: ${rule}`);
  for (const given of files) {
    const parts = partsOf(given.path);
    if (parts.includes("..")) throw fail(given, "leads out of the root");
    const longest = Math.max(0, ...parts.map((part) => new TextEncoder().encode(part).length));
    if (longest > NAME_MAX) throw fail(given, `has a name of more than ${NAME_MAX} bytes`);
    if (given.target !== undefined) checkTarget(given, fail);
    const last = parts.pop();
    let at = root;
    for (const part of parts) {
      const next = at.children.get(part) ?? directory(part);
      if (next.file.type !== "directory") throw fail(given, `lies in a file, ${printable(part)}`);
      at.children.set(part, next);
      at = next;
    }
    const file = given.type === "hardlink" ? linked(root, given, fail) : given;
    if (last === undefined) {
      if (file.type !== "directory") throw fail(given, "is the root, which is a directory");
      root.file = file;
      continue;
    }
    const before = at.children.get(last);
    if (before !== undefined && before.file.type === "directory" && file.type === "directory") {
      before.file = file;
    } else at.children.set(last, { file, children: new Map() });
  }
  for (const path of DIRECTORIES) {
    const place = find(root, path);
    if (place !== undefined && place.file.type !== "directory") {
      throw fail(place.file, "must be a directory, since a program finds files of soloden's there");
    }
  }
  return root;
}

function directory(path: string): Place {
  return { file: { path, type: "directory", mode: 0o755, mtime: 0 }, children: new Map() };
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function find(root: Place, path: string): Place | undefined {
  return partsOf(path).reduce<Place | undefined>((at, part) => at?.children.get(part), root);
}

type Fail = (file: RootFile, rule: string) => ElfError;

function checkTarget(file: RootFile, fail: Fail): void {
  const size = new TextEncoder().encode(file.target).length;
  if (size === 0 || size >= PATH_MAX || file.target!.includes("\0")) {
    throw fail(file, "leads to what is not a path");
  }
}

function linked(root: Place, file: RootFile, fail: Fail): RootFile {
  const target = find(root, file.target!);
  if (target === undefined || target.file.type === "directory") {
    throw fail(file, `is a link to ${printable(file.target!)}, which is not a file before it`);
  }
  return target.file;
}
