/**
 * Directories that tools see. What is in them is read when the tool is called: the tool gets a copy, and
 * cannot reach the directory itself.
 *
 * @module
 */
import type { RootFile } from "../mod.ts";
import { systemReason } from "../linux/system_reason.ts";
import type { MountConfig } from "./config_schema.ts";
import { McpError } from "./error.ts";

/** Most bytes that all files of a tool may have. */
export const MAX_MOUNTED = 64 * 1024 * 1024;

/** A directory, checked. */
export interface Mount {
  /** Its canonical path. */
  readonly host: string;
  /** Where the tool finds it. */
  readonly guest: string;
  readonly readonly: boolean;
}

/**
 * Checks directories, and finds places for those that have none.
 *
 * @throws {McpError} "config" if one is missing, a link, no directory, or there twice
 */
export function checkMounts(configured: readonly MountConfig[]): Mount[] {
  const mounts: Mount[] = [];
  for (const { host_path, guest_path, vm_path, readonly } of configured) {
    const host = canonical(host_path);
    if (mounts.some((mount) => mount.host === host)) throw refused(host_path, "is mounted twice");
    const given = guest_path ?? vm_path;
    const guest = given ?? freePlace(host, mounts);
    if (!isPlace(guest)) throw refused(guest, "must be an absolute path without .. in it");
    if (mounts.some((mount) => mount.guest === guest)) throw refused(guest, "has two directories");
    mounts.push({ host, guest, readonly });
  }
  return mounts;
}

function canonical(path: string): string {
  return guarded(path, () => {
    const { isDirectory, isSymlink } = Deno.lstatSync(path);
    if (isSymlink) throw refused(path, "is a link");
    if (!isDirectory) throw refused(path, "is not a directory");
    const real = Deno.realPathSync(path);
    // A directory above it that is a link would do as well.
    if (real !== path.replace(/(?<=.)\/+$/, "")) throw refused(path, `is really ${real}`);
    return real;
  });
}

/** `/data/NAME`, with -1, -2 and so on if that is taken. */
function freePlace(host: string, mounts: readonly Mount[]): string {
  const base = `/data/${host.slice(host.lastIndexOf("/") + 1) || "root"}`;
  for (let count = 0;; count++) {
    const place = count === 0 ? base : `${base}-${count}`;
    if (!mounts.some(({ guest }) => guest === place)) return place;
  }
}

function isPlace(path: string): boolean {
  return /^\/[^\0]+$/.test(path) && !path.split("/").some((part) => part === ".." || part === ".");
}

function refused(path: string, rule: string): McpError {
  return new McpError("config", `mount ${path}: ${rule}`);
}

/**
 * Reads all files of directories, each under its place. Links, sockets and the like are left out.
 *
 * @throws {McpError} "limit" if they have more than {@linkcode MAX_MOUNTED} bytes, "config" if one cannot be read
 */
export function readMounts(mounts: readonly Mount[]): RootFile[] {
  const files: RootFile[] = [];
  let left = MAX_MOUNTED;
  const visit = (host: string, { path, write }: { path: string; write: number }): void => {
    const { mode, mtime } = factsOf(host);
    files.push({ path, type: "directory", mode: mode & (0o555 | write), mtime });
    for (const { name, isDirectory, isFile } of Deno.readDirSync(host)) {
      const [from, to] = [`${host}/${name}`, `${path}/${name}`];
      if (isDirectory) visit(from, { path: to, write });
      if (!isFile) continue;
      const content = readBounded(from, left);
      left -= content.length;
      const { mode, mtime } = factsOf(from);
      files.push({ path: to, type: "file", content, mode: mode & (0o555 | write), mtime });
    }
  };
  for (const { host, guest, readonly } of mounts) {
    guarded(host, () => visit(host, { path: guest, write: readonly ? 0 : 0o200 }));
  }
  return files;
}

function factsOf(path: string): { mode: number; mtime: number } {
  const { mode, mtime } = Deno.lstatSync(path);
  return { mode: (mode ?? 0) & 0o777, mtime: Math.trunc((mtime?.getTime() ?? 0) / 1000) };
}

/** Reads a file, but not one that has become larger, or a link, meanwhile. */
function readBounded(path: string, most: number): Uint8Array {
  using file = Deno.openSync(path, { read: true });
  const { size, isFile } = file.statSync();
  if (!isFile || Deno.lstatSync(path).isSymlink) throw refused(path, "is not a file any more");
  if (size > most) {
    throw new McpError("limit", `mounts have more than ${MAX_MOUNTED} bytes`, { limit: "mounts" });
  }
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = file.readSync(bytes.subarray(at));
    if (count === null) return bytes.subarray(0, at);
    at += count;
  }
  return bytes;
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof McpError) throw error;
    throw refused(path, systemReason(error));
  }
}
