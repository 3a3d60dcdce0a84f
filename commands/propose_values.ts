/**
 * Values to propose that are found on this host: files, interfaces, and the devices of unikernels.
 *
 * @module
 */
import type { DeviceDeclaration } from "../abi/manifest.ts";
import { ElfError } from "../elftool/error.ts";
import { parseUnikernel } from "../elftool/unikernel.ts";
import { type DirectoryEntry, entriesIn, isSystemError, lookAt } from "./look.ts";
import { RUN_NAME } from "./unikernel_names.ts";

/** A word that may come next. */
export interface Proposal {
  /** The whole word; after `:`, `=` or `/` at its end more is to be typed. */
  readonly text: string;
  /** What it is for; empty if there is nothing to say. */
  readonly brief: string;
}

/** At most this many unikernels of a directory are read. */
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
  return entriesIn("/sys/class/net").map(({ name }) => name)
    .filter((name) => lookAt(`/sys/class/net/${name}/tun_flags`) !== undefined);
}

/**
 * The devices of the first word that is a unikernel; if there is none, of all unikernels in this directory.
 */
export function devicesOf(words: readonly string[]): DeviceDeclaration[] {
  for (const word of words) {
    const devices = readDevices(word);
    if (devices !== undefined) return devices;
  }
  const unikernels = entriesIn(".").filter(({ name }) => RUN_NAME.test(name)).slice(0, MOST);
  const all = unikernels.flatMap(({ name }) => readDevices(name) ?? []);
  return [...new Map(all.map((device) => [device.name, device])).values()];
}

function readDevices(path: string): DeviceDeclaration[] | undefined {
  try {
    if (Deno.statSync(path).size > LARGEST) return undefined;
    return [...parseUnikernel(Deno.readFileSync(path), { name: path }).manifest.devices];
  } catch (error) {
    if (error instanceof ElfError || isSystemError(error)) return undefined;
    throw error;
  }
}

/** Entries of the directory of a path that is being typed. Hidden ones only if its last part begins with a dot. */
function list(begun: string): { directory: string; entries: DirectoryEntry[] } {
  const end = begun.lastIndexOf("/") + 1;
  const directory = begun.slice(0, end);
  const hidden = begun[end] === ".";
  return {
    directory,
    entries: entriesIn(directory || ".").filter(({ name }) => hidden || name[0] !== "."),
  };
}

function plain(text: string): Proposal {
  return { text, brief: "" };
}
