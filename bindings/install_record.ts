/**
 * The record of an installation: which files under a prefix are ours, and their state when they
 * were written.
 *
 * @module
 */
import { join } from "node:path";
import * as v from "npm:valibot@^1.5.0";
import { guarded } from "../linux/files.ts";
import { digest } from "./cache.ts";
import { ToolchainError } from "./error.ts";

/** Where the record lies, relative to the prefix. */
export const RECORD_PATH = "lib/soloden/installed.json";

/** A path that does not lead out of the prefix. */
const Inside = v.pipe(v.string(), v.regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$))./s));

const RecordSchema = v.object({
  version: v.literal(1),
  /** The result of {@linkcode stateOf} for each file, right after it was written. */
  files: v.record(Inside, v.string()),
  /** Directories that were not there before, outer ones first. */
  directories: v.array(Inside),
});

/** What was installed under a prefix. Paths are relative to it. */
export type InstallRecord = v.InferOutput<typeof RecordSchema>;

/**
 * Reads the record of a prefix.
 *
 * @returns undefined where nothing is installed
 * @throws {ToolchainError} "install" if it is not a record
 * @throws {ElfError} "file" if it cannot be read
 */
export function readRecord(prefix: string): InstallRecord | undefined {
  const path = join(prefix, RECORD_PATH);
  const text = guarded(path, () => ifThere(() => Deno.readTextFileSync(path)));
  if (text === undefined) return undefined;
  try {
    return v.parse(RecordSchema, JSON.parse(text));
  } catch {
    throw new ToolchainError("install", `${path}: not a record of an installation`);
  }
}

/** A record as the text of its file. */
export function recordText(record: InstallRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/**
 * The state of a path: a digest of a file's content, or the target of a link.
 *
 * @returns undefined where there is nothing; "directory" or "other" for anything else
 * @throws {ElfError} "file" if it cannot be read
 */
export async function stateOf(path: string): Promise<string | undefined> {
  const found = guarded(path, () => ifThere(() => look(path)));
  return found instanceof Uint8Array ? await fileState(found) : found;
}

/** A file's content, or the state of anything that is not a file. */
function look(path: string): Uint8Array | string {
  const { isSymlink, isFile, isDirectory } = Deno.lstatSync(path);
  if (isSymlink) return linkState(Deno.readLinkSync(path));
  if (isFile) return Deno.readFileSync(path);
  return isDirectory ? "directory" : "other";
}

/** The action's result; undefined if its path does not exist. */
function ifThere<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const { NotFound, NotADirectory } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotADirectory) return undefined;
    throw error;
  }
}

/** The state of a file with this content. */
export async function fileState(content: Uint8Array): Promise<string> {
  return `sha256:${await digest([content])}`;
}

/** The state of a link with this target. */
export function linkState(target: string): string {
  return `link:${target}`;
}
