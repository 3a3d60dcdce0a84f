/**
 * Files as a command reads and writes them: one line when that fails, and never half a file.
 *
 * `run` comes through here, so nothing of `node:` is imported: it would double its start-up time.
 *
 * @module
 */
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
    const name = target.path.lastIndexOf("/") + 1;
    const beside = `${target.path.slice(0, name)}.${target.path.slice(name)}.${
      crypto.randomUUID().slice(0, 8)
    }`;
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

function writeStdout(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
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
    if (!(error instanceof Error)) throw error;
    // Deno appends the call and the path to what the system says.
    const reason = error.message.replace(/( \(os error \d+\))?(: \w+ '.*)?$/s, "");
    throw new ElfError("file", `${path}: ${reason}`);
  }
}
