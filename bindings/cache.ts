/**
 * A cache of files, each named by a digest of everything that it was made from. Several processes may
 * make the same file at the same time: the last one replaces it with an equal file.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { systemReason } from "../linux/system_reason.ts";
import { homeDirectory } from "../linux/user_environment.ts";
import { ToolchainError } from "./error.ts";

/** A digest of the parts, in hexadecimal, for use in file names. */
export async function digest(parts: Iterable<string | Uint8Array>): Promise<string> {
  const encoder = new TextEncoder();
  const chunks: Uint8Array[] = [];
  for (const part of parts) {
    const bytes = typeof part === "string" ? encoder.encode(part) : part;
    // The length before each part makes the bytes of different lists differ.
    chunks.push(encoder.encode(`${bytes.length}:`), bytes);
  }
  const data = await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return hash.toHex().slice(0, 32);
}

/**
 * The directory of this user's cache: `$XDG_CACHE_HOME/soloden` or `~/.cache/soloden`; undefined if another
 * user could write to either.
 */
export function userCacheDir(): string | undefined {
  const home = homeDirectory();
  const roots = [Deno.env.get("XDG_CACHE_HOME"), home && join(home, ".cache")];
  for (const root of roots) {
    if (!root) continue;
    const path = join(root, "soloden");
    if (isOurs(path)) return path;
  }
  return undefined;
}

/**
 * The directory of this user's cache, or a temporary one, which is removed when this process ends.
 *
 * @throws {ToolchainError} "cache" if there is no such place
 */
export function defaultCacheDir(): string {
  return userCacheDir() ?? (temporary ??= makeTemporary());
}

let temporary: string | undefined;

function makeTemporary(): string {
  try {
    const path = Deno.makeTempDirSync({ prefix: "soloden-" });
    addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
    return path;
  } catch (error) {
    throw refused(Deno.env.get("TMPDIR") ?? "/tmp", error);
  }
}

/** The error for a directory that cannot be written to; any other error is returned unchanged. */
function refused(path: string, error: unknown): unknown {
  const reason = systemReason(error);
  if (reason === (error as Error).message) return error;
  return new ToolchainError(
    "cache",
    `${path}: ${reason}; set XDG_CACHE_HOME to use another directory`,
  );
}

const WRITABLE_BY_OTHERS = 0o022;

/** Whether this user, and no other, can write to a directory, which is made if it does not exist. */
function isOurs(path: string): boolean {
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
    const { uid, mode } = Deno.statSync(path);
    // What another user writes there would be linked into unikernels.
    if (uid !== Deno.uid() || (mode! & WRITABLE_BY_OTHERS) !== 0) return false;
    Deno.removeSync(Deno.makeTempFileSync({ dir: path }));
    return true;
  } catch {
    return false;
  }
}

/** Whether this path exists. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs `use` with a temporary directory inside of `dir`, and removes it with its content.
 *
 * @throws {ToolchainError} "cache" if nothing can be written there
 */
export async function withScratch<T>(
  dir: string,
  use: (scratch: string) => Promise<T>,
): Promise<T> {
  let scratch: string | undefined;
  try {
    scratch = await Deno.makeTempDir({ dir, prefix: "tmp-" });
    return await use(scratch);
  } catch (error) {
    throw refused(dir, error);
  } finally {
    if (scratch !== undefined) await Deno.remove(scratch, { recursive: true });
  }
}

/**
 * The path of a cached file or directory, made first where it is not there yet.
 *
 * @param make writes it to the path that it is given, inside of a scratch directory
 */
export async function cached(
  path: string,
  make: (temporary: string, scratch: string) => Promise<void>,
): Promise<string> {
  if (exists(path)) return path;
  await withScratch(dirname(path), async (scratch) => {
    const made = join(scratch, "made");
    await make(made, scratch);
    try {
      await Deno.rename(made, path);
    } catch (error) {
      // A directory cannot be renamed over another; the one that is there is equal.
      if (!exists(path)) throw error;
    }
  });
  return path;
}
