/**
 * An installation for the tests of one file: this checkout's programs under Solo5's names.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { soloden } from "./soloden.ts";

/** Installs into a new directory, which is removed after the file's tests. */
export async function installed(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "soloden-prefix-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
  const prefix = join(directory, "prefix");
  const { status, stderr } = await soloden("install", "--prefix", prefix);
  assert.deepEqual([status, stderr], [0, ""]);
  return prefix;
}
