/**
 * A directory of its own for each test, with the sources of small unikernels.
 *
 * @module
 */
import { join } from "node:path";
import "../cache.ts";

/** The shortest unikernel. */
export const MINIMAL = `#include "solo5.h"
int solo5_app_main(const struct solo5_start_info *info) { return info->heap_size == 0; }
`;

/** Runs a test with a directory that holds the given files, by name. */
export async function withFiles(
  files: Record<string, string | Uint8Array>,
  test: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "soloden-test-" });
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(join(dir, name, ".."), { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(join(dir, name), bytes);
    }
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** What a program prints on standard output, or nothing where it is not installed. */
export function outputOf(command: string, ...args: string[]): string | undefined {
  try {
    const { stdout } = new Deno.Command(command, { args, stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout);
  } catch {
    return undefined;
  }
}
