/**
 * Files as a command reads and writes them: one line when that fails, and never half a file.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { basename, dirname, join } from "node:path";
import { ElfError } from "./error.ts";

/**
 * Reads a file; `-` is standard input.
 *
 * @throws {ElfError} "file" with the path and what the system says
 */
export function readInput(path: string): Uint8Array<ArrayBuffer> {
  return guarded(path, () => path === "-" ? readStdin() : Deno.readFileSync(path));
}

/**
 * Writes a file beside its place and renames it into place, so that whoever looks sees the old file
 * or the new one, whole; `-` is standard output. What is there but no regular file (`/dev/null`, a
 * pipe) is written in place.
 *
 * @param options `mode`: permissions, less the umask; 0o666 unless given
 * @throws {ElfError} "file" with the path and what the system says
 */
export function writeOutput(
  path: string,
  bytes: Uint8Array,
  options: { mode?: number } = {},
): void {
  guarded(path, () => {
    if (path === "-") return writeStdout(bytes);
    const target = resolve(path);
    if (target.special) return Deno.writeFileSync(target.path, bytes);
    const beside = join(
      dirname(target.path),
      `.${basename(target.path)}.${crypto.randomUUID().slice(0, 8)}`,
    );
    try {
      Deno.writeFileSync(beside, bytes, { createNew: true, mode: options.mode ?? 0o666 });
      Deno.renameSync(beside, target.path);
    } catch (error) {
      try {
        Deno.removeSync(beside);
      } catch {
        // It was never made, and what matters is the first error.
      }
      throw error;
    }
  });
}

/** Where a path leads: through symbolic links, and whether to something other than a regular file. */
function resolve(path: string): { path: string; special: boolean } {
  try {
    const real = Deno.realPathSync(path);
    return { path: real, special: !Deno.statSync(real).isFile };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { path, special: false };
    throw error;
  }
}

function readStdin(): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const chunk = new Uint8Array(65536);
    const size = Deno.stdin.readSync(chunk);
    if (size === null) return new Uint8Array(Buffer.concat(chunks));
    chunks.push(chunk.subarray(0, size));
  }
}

function writeStdout(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Deno appends the call and the path to what the system says.
    const reason = error.message.replace(/( \(os error \d+\))?(: \w+ '.*)?$/s, "");
    throw new ElfError("file", `${path}: ${reason}`);
  }
}
