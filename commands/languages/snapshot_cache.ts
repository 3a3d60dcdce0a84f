/**
 * A directory of snapshots that stays small: what was not used for longest is removed when there is more.
 *
 * @module
 */
import { withScratch } from "../../bindings/cache.ts";
import { isSystemError, lookAt } from "../look.ts";

/** Most bytes of all snapshots in a directory; the newest one stays in any case. */
export const MOST_KEPT = 256 << 20;

/** What was being made this long ago, in milliseconds, was left by a process that was killed. */
const LEFT_BEHIND = 3600_000;

/**
 * Reads a snapshot, and marks it as used now.
 *
 * @returns undefined if it is not there, or cannot be read
 */
export function readKept(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const now = new Date();
    Deno.utimeSync(path, now, now);
    return Deno.readFileSync(path);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/**
 * Writes a snapshot, whole or not at all, so that only this user can read it; then removes others if there
 * are too many. A process that has read one of those is not disturbed: it has it in memory.
 *
 * @param most bytes of all snapshots in the directory
 * @throws {ToolchainError} "cache" if it cannot be written
 */
export async function keep(
  path: string,
  bytes: Uint8Array,
  { most = MOST_KEPT }: { most?: number } = {},
): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  await withScratch(directory, async (scratch) => {
    const made = `${scratch}/made`;
    await Deno.writeFile(made, bytes, { mode: 0o600 });
    await Deno.rename(made, path);
  });
  trim(directory, most);
}

/** Removes the snapshots that were not used for longest, and what killed processes have left. */
function trim(directory: string, most: number): void {
  const entries = [...Deno.readDirSync(directory)].flatMap(({ name, isFile }) => {
    const path = `${directory}/${name}`;
    const info = lookAt(path);
    return info === undefined ? [] : [{ path, isFile, size: info.size, used: +info.mtime! }];
  });
  let kept = 0;
  for (const { path, isFile, size, used } of entries.sort((a, b) => b.used - a.used)) {
    const goes = isFile ? kept > 0 && kept + size > most : used < Date.now() - LEFT_BEHIND;
    if (goes) remove(path);
    else if (isFile) kept += size;
  }
}

/** What cannot be removed stays: another process may have been faster. */
function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}
