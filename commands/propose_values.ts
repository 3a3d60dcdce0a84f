/**
 * Values to propose that are found on this host: files, interfaces, and the devices of unikernels.
 *
 * @module
 */
import type { DeviceDeclaration } from "../abi/manifest.ts";
import { ElfError } from "../elftool/error.ts";
import { parseUnikernel } from "../elftool/unikernel.ts";

/** A word that may come next. */
export interface Proposal {
  /** The whole word; after `:`, `=` or `/` at its end more is to be typed. */
  readonly text: string;
  /** What it is for; empty if there is nothing to say. */
  readonly brief: string;
}

/** Most unikernels of a directory that are read. */
const MOST = 32;
/** Largest file that is read as a unikernel, in bytes: it may be a disk. */
const LARGEST = 64 << 20;

/**
 * Finds the directories and files that begin with a path.
 *
 * @param wanted matches the names of wanted files; if it matches none, all files are found
 */
export function filesIn(begun: string, wanted = /./): Proposal[] {
  const { directory, entries } = list(begun);
  const files = entries.filter(({ isDirectory }) => !isDirectory);
  const matching = files.filter(({ name }) => wanted.test(name));
  return [
    ...directoriesIn(begun),
    ...(matching.length > 0 ? matching : files).map(({ name }) => plain(`${directory}${name}`)),
  ];
}

/** Finds the directories that begin with a path. */
export function directoriesIn(begun: string): Proposal[] {
  const { directory, entries } = list(begun);
  return entries.filter(({ isDirectory }) => isDirectory)
    .map(({ name }) => plain(`${directory}${name}/`));
}

/** Network interfaces that guests can be attached to. */
export function tapInterfaces(): string[] {
  return read("/sys/class/net").map(({ name }) => name)
    .filter((name) => isThere(`/sys/class/net/${name}/tun_flags`));
}

/**
 * The devices of the first word that is a unikernel; if there is none, of all unikernels in this directory.
 */
export function devicesOf(words: readonly string[]): DeviceDeclaration[] {
  for (const word of words) {
    const devices = readDevices(word);
    if (devices !== undefined) return devices;
  }
  const unikernels = read(".").filter(({ name }) => /\.(hvt|spt)$/.test(name)).slice(0, MOST);
  const all = unikernels.flatMap(({ name }) => readDevices(name) ?? []);
  return [...new Map(all.map((device) => [device.name, device])).values()];
}

function readDevices(path: string): DeviceDeclaration[] | undefined {
  try {
    if (Deno.statSync(path).size > LARGEST) return undefined;
    return [...parseUnikernel(Deno.readFileSync(path), { name: path }).manifest.devices];
  } catch (error) {
    if (error instanceof ElfError || isSystems(error)) return undefined;
    throw error;
  }
}

/** Entries of the directory that a path has reached; hidden ones only if the path asks for them. */
function list(begun: string): { directory: string; entries: Entry[] } {
  const end = begun.lastIndexOf("/") + 1;
  const directory = begun.slice(0, end);
  const hidden = begun[end] === ".";
  return {
    directory,
    entries: read(directory || ".").filter(({ name }) => hidden || name[0] !== "."),
  };
}

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** The entries of a directory, sorted; none if it cannot be read. */
function read(path: string): Entry[] {
  try {
    const entries = Array.from(Deno.readDirSync(path), ({ name, isDirectory, isSymlink }) => ({
      name,
      isDirectory: isDirectory || (isSymlink && isDirectoryAt(`${path}/${name}`)),
    }));
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (isSystems(error)) return [];
    throw error;
  }
}

function isDirectoryAt(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether an error comes from the system, as for a file that does not exist or may not be read. */
function isSystems(error: unknown): boolean {
  return error instanceof Error &&
    ("code" in error || Object.values(Deno.errors).some((type) => error instanceof type));
}

function plain(text: string): Proposal {
  return { text, brief: "" };
}
