/**
 * The bundle as a program that tells which of its texts a command loads.
 *
 * @module
 */
import { join } from "node:path";
import type { Linked } from "../../release/link_chunks.ts";
import { execute, type ExecuteOptions, type Result } from "../soloden.ts";

/** How a command ended, and the numbers of the texts that it loaded. */
export interface CountedResult extends Result {
  readonly loaded: readonly number[];
}

/** Runs a command of the bundle. */
export type RunCounted = (
  args: readonly string[],
  options?: ExecuteOptions,
) => Promise<CountedResult>;

/** Writes the bundle into a directory, as a module that reports each text that it evaluates. */
export function countedBundle({ start, texts }: Linked, directory: string): RunCounted {
  const path = join(directory, "counted.js");
  const text = `n=>{console.error("text",n);return texts[n]}`;
  Deno.writeTextFileSync(path, `const texts=${JSON.stringify(texts)};await${start}(${text});`);
  return async (args, options) => {
    const result = await execute(Deno.execPath(), ["run", "-A", path, ...args], options);
    const loaded = Array.from(result.stderr.matchAll(/^text (\d+)\n/gm), ([, n]) => Number(n));
    return { ...result, stderr: result.stderr.replaceAll(/^text \d+\n/gm, ""), loaded };
  };
}
