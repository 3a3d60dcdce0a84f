/**
 * Installs under a prefix what Solo5's users expect there, and uninstalls it: the programs,
 * as links to this one, the wrapped tools, as scripts, and the sysroot of the toolchain.
 *
 * @module
 */
import { dirname, join, relative, resolve } from "node:path";
import { guarded } from "../linux/files.ts";
import { replaceFile } from "../linux/output.ts";
import { ToolchainError } from "./error.ts";
import {
  fileState,
  type InstallRecord,
  linkState,
  readRecord,
  RECORD_PATH,
  recordText,
  stateOf,
} from "./install_record.ts";
import { shellWord } from "./shell_word.ts";
import { sysrootFiles, type SysrootOptions, sysrootPaths, tripleOf } from "./sysroot.ts";
import { findToolchains, type Toolchain } from "./tools.ts";
import { WRAPPER_TOOLS, wrapperRules } from "./wrapper_rules.ts";
import { wrapperScript } from "./wrapper_script.ts";

/** The names by which this program is installed and knows what to be. */
export const PROGRAM_NAMES = [
  "solo5-hvt",
  "solo5-hvt-debug",
  "solo5-spt",
  "solo5-elftool",
  "solo5-virtio-run",
  "solo5-virtio-mkimage",
];

/** What the installed programs lead to. */
export type Program =
  /** An executable, which sees the name by which it was called. */
  | { readonly kind: "binary"; readonly path: string }
  /** A script, and the runtime for it. */
  | { readonly kind: "script"; readonly runtime: string; readonly path: string };

/** What to install, and where. */
export interface InstallOptions extends SysrootOptions {
  readonly prefix: string;
  readonly program: Program;
  /** What builds the sysroot of each architecture. Default: what {@linkcode findToolchains} finds. */
  readonly toolchains?: readonly Toolchain[];
  /** Whether to replace files that are there and not ours. */
  readonly force?: boolean;
}

type Entry =
  /** A file, and its permissions, less the umask. */
  | { readonly content: Uint8Array; readonly mode: number }
  | { readonly link: string };

/**
 * Installs. What an earlier installation left is replaced or removed; what is not ours stays.
 *
 * @returns how many files there are now
 * @throws {ToolchainError} "install" if a file is in the way (nothing has changed then)
 * @throws {ElfError} "file" if a file cannot be written
 */
export async function install(options: InstallOptions): Promise<number> {
  const prefix = resolve(options.prefix);
  const entries = new Map<string, Entry>();
  const { toolchains = findToolchains() } = options;
  for (const name of PROGRAM_NAMES) entries.set(`bin/${name}`, link(options.program, prefix));
  for (const toolchain of toolchains) {
    addWrappers(entries, toolchain);
    for (const [path, content] of await sysrootFiles(toolchain, options)) {
      entries.set(path, { content, mode: 0o666 });
    }
  }
  const old = readRecord(prefix) ?? { version: 1, files: {}, directories: [] };
  await checkFree(prefix, { entries, old, force: options.force ?? false });

  const files: Record<string, string> = {};
  for (const [path, entry] of entries) files[path] = await entryState(entry);
  const directories = missingDirectories(prefix, [...entries.keys(), RECORD_PATH]);
  for (const path of directories) {
    const made = join(prefix, path);
    guarded(made, () => Deno.mkdirSync(made, { recursive: true }));
  }
  const record: InstallRecord = {
    version: 1,
    files,
    directories: [...new Set([...old.directories, ...directories])],
  };
  // The record is written first: if anything fails from here on, every file of ours is known.
  place(join(prefix, RECORD_PATH), {
    content: new TextEncoder().encode(recordText(record)),
    mode: 0o666,
  });
  for (const [path, entry] of entries) place(join(prefix, path), entry);
  const stale = Object.entries(old.files).filter(([path]) => !entries.has(path));
  await removeUnchanged(prefix, stale);
  return entries.size;
}

/** The result of an uninstallation. */
export interface Uninstalled {
  /** How many files were removed. */
  readonly removed: number;
  /** Paths of files that stay because somebody changed them. */
  readonly kept: readonly string[];
}

/**
 * Removes what {@linkcode install} wrote, and those directories that it made and that are empty.
 *
 * @throws {ToolchainError} "install" if nothing is installed there
 * @throws {ElfError} "file" if a file cannot be removed
 */
export async function uninstall(options: { prefix: string }): Promise<Uninstalled> {
  const prefix = resolve(options.prefix);
  const record = readRecord(prefix);
  if (record === undefined) {
    throw new ToolchainError("install", `${prefix}: nothing is installed here`);
  }
  const result = await removeUnchanged(prefix, Object.entries(record.files));
  const recordPath = join(prefix, RECORD_PATH);
  guarded(recordPath, () => Deno.removeSync(recordPath));
  for (const path of record.directories.toReversed()) {
    try {
      Deno.removeSync(join(prefix, path));
    } catch {
      // Not empty: it holds files of others.
    }
  }
  return result;
}

/** Adds the wrappers of an architecture's tools. */
function addWrappers(entries: Map<string, Entry>, toolchain: Toolchain): void {
  const { architecture } = toolchain;
  const landmark = sysrootPaths(architecture).object("stub");
  for (const tool of WRAPPER_TOOLS) {
    const name = `${tripleOf(architecture)}-${tool}`;
    const script = wrapperScript(wrapperRules(tool, toolchain), { name, landmark });
    entries.set(`bin/${name}`, { content: new TextEncoder().encode(script), mode: 0o777 });
  }
}

/** The entry in `bin/` that leads to a program. */
function link(program: Program, prefix: string): Entry {
  const path = resolve(program.path);
  if (program.kind === "binary") {
    const inside = relative(prefix, path);
    // A prefix that also holds the program can be moved as a whole.
    return { link: inside.startsWith("..") ? path : join("..", inside) };
  }
  const command = [program.runtime, "run", "-A", "--quiet", path].map(shellWord).join(" ");
  const text = `#!/bin/sh\nexec ${command} --called-as="$0" "$@"\n`;
  return { content: new TextEncoder().encode(text), mode: 0o777 };
}

function entryState(entry: Entry): Promise<string> | string {
  return "link" in entry ? linkState(entry.link) : fileState(entry.content);
}

interface Plan {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly old: InstallRecord;
  readonly force: boolean;
}

/** Checks that no file is in the way. */
async function checkFree(prefix: string, { entries, old, force }: Plan): Promise<void> {
  const problems: string[] = [];
  for (const path of entries.keys()) {
    const state = await stateOf(join(prefix, path));
    if (state === undefined || state === old.files[path]) continue;
    if (state === "directory") problems.push(`${join(prefix, path)}: is a directory`);
    else if (!force) {
      problems.push(
        `${join(prefix, path)}: exists, and soloden did not install it; --force overwrites it`,
      );
    }
  }
  if (problems.length === 0) return;
  const rest = problems.splice(PROBLEMS_TOLD);
  if (rest.length > 0) problems.push(`${prefix}: and ${rest.length} more like these`);
  throw new ToolchainError("install", problems.join("\n"));
}

/** How many of the files in the way a message names. */
const PROBLEMS_TOLD = 5;

/** The directories that these paths need and that are not there, outer ones first; `.` is the prefix. */
function missingDirectories(prefix: string, paths: readonly string[]): string[] {
  const needed = new Set(["."]);
  for (const path of paths) {
    const parts = path.split("/").slice(0, -1);
    parts.forEach((_, index) => needed.add(parts.slice(0, index + 1).join("/")));
  }
  return [...needed].filter((path) => !isThere(join(prefix, path)));
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Writes an entry, whole or not at all; a link that is there is replaced, not followed. */
function place(path: string, entry: Entry): void {
  guarded(path, () => {
    if (!("link" in entry)) return replaceFile(path, entry.content, entry);
    const beside = join(dirname(path), `.soloden.${crypto.randomUUID().slice(0, 8)}`);
    try {
      Deno.symlinkSync(entry.link, beside);
      Deno.renameSync(beside, path);
    } catch (error) {
      if (isThere(beside)) Deno.removeSync(beside);
      throw error;
    }
  });
}

/** Removes the files that nobody has changed since they were written. */
async function removeUnchanged(
  prefix: string,
  files: readonly (readonly [path: string, state: string])[],
): Promise<Uninstalled> {
  const kept: string[] = [];
  let removed = 0;
  for (const [path, state] of files) {
    const installed = join(prefix, path);
    const now = await stateOf(installed);
    if (now === undefined) continue;
    if (now === state) {
      guarded(installed, () => Deno.removeSync(installed));
      removed++;
    } else kept.push(path);
  }
  return { removed, kept };
}
