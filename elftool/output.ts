/**
 * Files as a command writes them: whole or not at all, and one line when that fails.
 *
 * @module
 */
import { guarded } from "./files.ts";

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

function writeStdout(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
