/**
 * Files as a command writes them: whole or not at all, with the permissions that the user means, and
 * never through a link that somebody else left in the way.
 *
 * @module
 */
import { ElfError } from "../elftool/error.ts";
import { copyAccessList } from "./access_list.ts";
import { guarded } from "./files.ts";

/**
 * Writes a file: makes a new one beside the path and renames it, so that whoever looks sees the old
 * file or the new one, whole. A file that is there keeps its permissions, and its owner where this
 * process may say so. `-` is standard output. What is no regular file (a device, a pipe,
 * `/dev/fd/3`) is written in place.
 *
 * @param options `mode`: permissions of a new file, less the umask; 0o666 unless given
 * @throws {ElfError} "file" with the path and what the system says, or that another user left
 * something there; "unread" if nobody reads standard output any more
 */
export function writeOutput(
  path: string,
  bytes: Uint8Array,
  options: { mode?: number } = {},
): void {
  if (path === "-") return writeStandardOutput(bytes);
  guarded(path, () => {
    const place = resolveOutput(path);
    if (place.stream !== undefined) return writeAll(place.stream, bytes);
    const { path: target, found } = place;
    if (found !== undefined && !found.isFile) return writeInPlace(target, bytes);
    replaceFile(target, bytes, { mode: options.mode ?? 0o666, old: found });
  });
}

/**
 * Checks that a file to write is none of those that it is made from.
 *
 * @throws {ElfError} "file" with the path of the output
 */
export function keepInputs(output: string, inputs: readonly string[]): void {
  if (inputs.some((input) => isSameFile(input, output))) {
    throw new ElfError("file", `${output}: is the input; the output must be another file`);
  }
}

function isSameFile(path: string, other: string): boolean {
  if (path === "-" || other === "-") return false;
  try {
    const [one, two] = [Deno.statSync(path), Deno.statSync(other)];
    return one.isFile && one.dev === two.dev && one.ino === two.ino;
  } catch {
    return false;
  }
}

/**
 * Makes a file beside a path and renames it to the path. After a failure, what was there is as it
 * was. A link at the path is replaced, not followed.
 *
 * @param options `mode`: permissions of the file, less the umask; `old`: a file whose permissions and
 * owner it gets instead
 * @throws {Error} what the system says
 */
export function replaceFile(
  path: string,
  bytes: Uint8Array,
  { mode, old }: { mode: number; old?: Deno.FileInfo },
): void {
  const directory = path.slice(0, path.lastIndexOf("/") + 1);
  const beside = `${directory}.soloden.${crypto.randomUUID().slice(0, 8)}`;
  // The kernel takes the umask off this mode; Deno.writeFileSync would set the whole mode afterwards.
  const file = Deno.openSync(beside, { write: true, createNew: true, mode: old ? PRIVATE : mode });
  try {
    using _ = file;
    writeAll(file, bytes);
    if (old !== undefined) keepPermissions(file, { path, old });
    Deno.renameSync(beside, path);
  } catch (error) {
    try {
      Deno.removeSync(beside);
    } catch {
      // Somebody else removed it, and the first error is the one that matters.
    }
    throw error;
  }
}

/** Permissions of a file that only its owner may read and write. */
const PRIVATE = 0o600;
/** The bits of reading, writing and executing. A new content is not given the set-user-ID bit of an old one. */
const PERMISSIONS = 0o777;

/**
 * Gives a new file the owner, the group and the permissions of an old one, as far as this process may:
 * by the descriptor, because another user may have put something else under its name by now.
 */
function keepPermissions(
  file: Deno.FsFile,
  { path, old }: { path: string; old: Deno.FileInfo },
): void {
  const beside = descriptorOf(file);
  if (beside === undefined) return;
  const { uid, gid } = file.statSync();
  const group = uid === old.uid && gid === old.gid || tryChown(beside, old.uid, old.gid) ||
    tryChown(beside, null, old.gid);
  const mode = old.mode! & PERMISSIONS;
  // Another group than the old one gets what everyone has. Where there is an access list, the group's
  // bits are the most that any user or group on it may do.
  const same = group && copyAccessList(path, beside);
  Deno.chmodSync(beside, same ? mode : mode & ~0o070 | (mode & 0o007) << 3);
}

function tryChown(path: string, uid: number | null, gid: number | null): boolean {
  try {
    Deno.chownSync(path, uid, gid);
    return true;
  } catch {
    return false;
  }
}

/** A path that leads to an open file, even if it is renamed; undefined where there is no `/proc`. */
function descriptorOf(file: Deno.FsFile): string | undefined {
  const { dev, ino } = file.statSync();
  try {
    for (const { name } of Deno.readDirSync("/proc/self/fd")) {
      const path = `/proc/self/fd/${name}`;
      const found = look(path, Deno.statSync);
      if (found?.dev === dev && found.ino === ino) return path;
    }
  } catch {
    return undefined;
  }
}

/** Where output goes. */
export interface OutputPlace {
  /** The path, with its links followed. */
  readonly path: string;
  /** What is there now. */
  readonly found?: Deno.FileInfo;
  /** The standard stream that the path stands for. */
  readonly stream?: Writer;
}

/** What can be written to. */
interface Writer {
  /** Writes some of the bytes; returns how many. */
  writeSync(bytes: Uint8Array): number;
}

/** As many links as Linux follows. */
const LINKS_MAX = 40;
/** The directories whose links are a process's descriptors; the text of such a link is not always a path. */
const DESCRIPTORS = /^\/proc\/(\d+)\/(?:task\/\d+\/)?fd\/$/;
/** The bit of a directory where everyone may make files, and remove only their own. */
const STICKY = 0o1000;

/**
 * Follows the links of a path to write to. As Linux does where `fs.protected_symlinks` and its like are
 * set, which is not so on every machine, it refuses what lies in a sticky directory such as `/tmp` and
 * belongs neither to this user nor to the directory's owner.
 *
 * @throws {Error} if it is another user's, or what the system says
 */
export function resolveOutput(path: string): OutputPlace {
  // Its name says that it is a directory.
  if (/(^|\/)\.{0,2}$/.test(path)) return { path, found: Deno.statSync(path) };
  const names = path.split("/");
  let directory = "";
  let links = 0;
  for (;;) {
    const name = names.shift()!;
    if (name === "" && names.length > 0) {
      directory ||= "/";
      continue;
    }
    const here = directory + name;
    const found = look(here, Deno.lstatSync);
    if (found?.isSymlink || found !== undefined && names.length === 0) {
      refusePlanted(found, { path: here, directory });
    }
    if (found?.isSymlink) {
      const pid = DESCRIPTORS.exec(directory)?.[1];
      if (pid !== undefined) return { path: here, found, stream: ownStream(pid, name) };
      if (++links > LINKS_MAX) throw new Error("Too many levels of symbolic links");
      const target = Deno.readLinkSync(here);
      if (target.startsWith("/")) directory = "";
      names.unshift(...target.split("/"));
    } else if (names.length === 0) {
      return { path: here, found };
    } else {
      directory = `${here}/`;
    }
  }
}

function refusePlanted(
  found: Deno.FileInfo,
  { path, directory }: { path: string; directory: string },
): void {
  const { uid, isDirectory, isCharDevice, isBlockDevice } = found;
  // Users cannot make devices.
  if (uid === Deno.uid() || isDirectory || isCharDevice || isBlockDevice) return;
  const { mode, uid: owner } = Deno.statSync(directory || ".");
  if (!(mode! & STICKY) || uid === owner) return;
  throw new Error(`'${path}' is another user's, left where everyone may leave files`);
}

/** The standard stream of this process that a descriptor is. */
function ownStream(pid: string, descriptor: string): Writer | undefined {
  if (pid !== `${Deno.pid}`) return undefined;
  return ({ 1: Deno.stdout, 2: Deno.stderr } as Record<string, Writer>)[descriptor];
}

/** What is at a path, if anything is. */
function look(path: string, stat: (path: string) => Deno.FileInfo): Deno.FileInfo | undefined {
  try {
    return stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function writeStandardOutput(bytes: Uint8Array): void {
  const name = "standard output";
  guarded(name, () => {
    try {
      writeAll(Deno.stdout, bytes);
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
    throw new ElfError("unread", `${name}: nobody reads it any more`);
  });
}

/** Writes to a device or a pipe. */
function writeInPlace(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { write: true, truncate: true });
  writeAll(file, bytes);
}

function writeAll(to: Writer, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}
