/**
 * The record of an installation: which files under a prefix are ours, and what they were when they
 * were written.
 *
 * @module
 */
import { join } from "node:path";
import * as v from "npm:valibot@^1.5.0";
import { digest } from "./cache.ts";
import { ToolchainError } from "./error.ts";

/** Where the record lies, relative to the prefix. */
export const RECORD_PATH = "lib/soloden/installed.json";

/** A path that does not lead out of the prefix. */
const Inside = v.pipe(v.string(), v.regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$))./s));

const RecordSchema = v.object({
  version: v.literal(1),
  /** What {@linkcode stateOf} said of each file when it had been written. */
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
 */
export function readRecord(prefix: string): InstallRecord | undefined {
  const path = join(prefix, RECORD_PATH);
  try {
    return v.parse(RecordSchema, JSON.parse(Deno.readTextFileSync(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new ToolchainError("install", `${path}: not a record of an installation`);
  }
}

/** A record as the text of its file. */
export function recordText(record: InstallRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/**
 * What a path is: a digest of a file's content, or where a link leads.
 *
 * @returns undefined where there is nothing; "directory", "other" for what is neither file nor link
 */
export async function stateOf(path: string): Promise<string | undefined> {
  try {
    const { isSymlink, isFile, isDirectory } = await Deno.lstat(path);
    if (isSymlink) return linkState(await Deno.readLink(path));
    if (isFile) return await fileState(await Deno.readFile(path));
    return isDirectory ? "directory" : "other";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

/** The state of a file with this content. */
export async function fileState(content: Uint8Array): Promise<string> {
  return `sha256:${await digest([content])}`;
}

/** The state of a link that leads there. */
export function linkState(target: string): string {
  return `link:${target}`;
}
