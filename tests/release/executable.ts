/**
 * The single executable for tests.
 *
 * @module
 */
import { join } from "node:path";
import { spliceArguments } from "../../release/splice/splice.ts";
import { bundle } from "../../release/bundle.ts";
import type { Linked } from "../../release/link_chunks.ts";
import { runtimePrefix } from "../../release/runtime.ts";
import { once } from "../once.ts";
import { writeProgram } from "../soloden.ts";

/** Why there is no single executable here; undefined if there is. */
export const noExecutable: string | undefined =
  Deno.build.os === "linux" && Deno.build.arch === "x86_64" ? undefined : "only Linux on x86_64";

/**
 * Makes the executable in a directory that anyone may enter.
 *
 * @param program what to make it of, if not of the command
 * @returns its path
 */
export async function makeExecutable(directory: string, program?: Linked): Promise<string> {
  const runtime = Deno.readFileSync(Deno.execPath());
  const prefix = runtimePrefix(program ?? await bundle());
  const path = join(directory, "soloden");
  Deno.chmodSync(directory, 0o755);
  writeProgram(path, spliceArguments(runtime, prefix, { name: "deno" }));
  return path;
}

/**
 * The executable that the tests of one file share: made when the first of them asks, in a directory that
 * is removed after the last.
 */
export const sharedExecutable: () => Promise<string> = once(() => {
  const directory = Deno.makeTempDirSync();
  globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
  return makeExecutable(directory);
});
