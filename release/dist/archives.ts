/**
 * Makes archives that are the same whoever makes them, wherever and whenever.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { execute } from "./programs.ts";
import type { PackagedFile } from "./contents.ts";

/** How to pack. */
export interface PackOptions {
  /** Path of the archive. */
  readonly output: string;
  /** The date of all files. */
  readonly date: Date;
  /** Compression level of `xz`: 0 to 9. */
  readonly effort: number;
}

/** Writes files below a directory, readable for all whatever the umask is. */
export function writeTree(root: string, files: readonly PackagedFile[]): void {
  const directories = new Set([root]);
  for (const { path, content, executable } of files) {
    const full = join(root, path);
    for (let at = dirname(full); at !== root; at = dirname(at)) directories.add(at);
    Deno.mkdirSync(dirname(full), { recursive: true });
    Deno.writeFileSync(
      full,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
    Deno.chmodSync(full, executable ? 0o755 : 0o644);
  }
  for (const directory of directories) Deno.chmodSync(directory, 0o755);
}

/** Packs a directory as `.tar.xz`; the directory's own name is the first part of each name in it. */
export function packTarball(directory: string, { output, date, effort }: PackOptions): void {
  const plain = `${directory}.tar`;
  execute("tar", [
    "--create",
    "--format=ustar",
    "--sort=name",
    `--mtime=@${seconds(date)}`,
    "--owner=root:0",
    "--group=root:0",
    `--file=${plain}`,
    `--directory=${dirname(directory)}`,
    directory.slice(dirname(directory).length + 1),
  ]);
  execute("xz", ["--threads=1", `-${effort}`, "--force", plain]);
  Deno.renameSync(`${plain}.xz`, output);
  Deno.chmodSync(output, 0o644);
}

/** Packs a directory with control data below `DEBIAN/` as a Debian package. */
export function packDebian(directory: string, { output, date, effort }: PackOptions): void {
  const options = ["--root-owner-group", "-Zxz", `-z${effort}`, "--threads-max=1"];
  execute("dpkg-deb", [...options, "--build", directory, output], {
    SOURCE_DATE_EPOCH: `${seconds(date)}`,
  });
  Deno.chmodSync(output, 0o644);
}

function seconds(date: Date): number {
  return date.getTime() / 1000;
}
