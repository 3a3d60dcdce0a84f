/**
 * Files as a command reads them: one line when that fails.
 *
 * `run` comes through here, so nothing of `node:` is imported: it would double its start-up time.
 *
 * @module
 */
import { ElfError } from "../elftool/error.ts";
import { printable } from "../elftool/printable.ts";
import { systemReason } from "./system_reason.ts";

/**
 * Reads a file; `-` is standard input.
 *
 * @throws {ElfError} "file" with the path and what the system says
 */
export function readInput(path: string): Uint8Array<ArrayBuffer> {
  return guarded(path, () => path === "-" ? readStdin() : Deno.readFileSync(path));
}

function readStdin(): Uint8Array<ArrayBuffer> {
  let all = new Uint8Array(65536);
  let size = 0;
  for (;;) {
    const count = Deno.stdin.readSync(all.subarray(size));
    if (count === null) return all.subarray(0, size);
    size += count;
    if (size < all.length) continue;
    const larger = new Uint8Array(2 * size);
    larger.set(all);
    all = larger;
  }
}

/**
 * Does something with a file.
 *
 * @throws {ElfError} "file" with the path and what the system says
 */
export function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof ElfError) throw error;
    const { code: reason } = error as { code?: string };
    // An end of a line in a name must not look like one of the message.
    const message = `${printable(path)}: ${systemReason(error)}`;
    throw new ElfError("file", message, { failure: { path, reason } });
  }
}
