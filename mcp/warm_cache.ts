/**
 * Snapshots of tools, kept for the next process: files that only this user can write.
 *
 * @module
 */
import { parseUnikernel, type Unikernel } from "../mod.ts";
import { replaceFile } from "../linux/output.ts";
import { makePrivate } from "./cid.ts";

/** A directory of snapshots. One without content stands for an image that has none. */
export class WarmCache {
  readonly #directory: string;

  /** @param directory is made if need be */
  constructor(directory: string) {
    this.#directory = `${directory}/warm`;
  }

  /**
   * Finds a snapshot, or makes it.
   *
   * @param key what it depends on
   * @param options `name`: the unikernel's, for messages; `make` returns undefined where there can be none
   * @throws {McpError} "config" if others can write to the directory
   */
  async get(
    key: string,
    { name, make }: { name: string; make: () => Promise<Unikernel | undefined> },
  ): Promise<Unikernel | undefined> {
    makePrivate(this.#directory);
    const path = `${this.#directory}/${key}`;
    const kept = readKept(path);
    if (kept?.length === 0) return undefined;
    if (kept !== undefined) return parseUnikernel(kept, { name });
    const made = await make();
    replaceFile(path, made?.file ?? new Uint8Array(), { mode: 0o600 });
    return made;
  }
}

function readKept(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
