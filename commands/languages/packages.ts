/**
 * Packages that scripts import.
 *
 * @module
 */
import { ElfError } from "../../elftool/error.ts";
import { printable } from "../../elftool/printable.ts";
import type { RootFile } from "../../elftool/root_image.ts";
import { guarded } from "../../linux/files.ts";
import { filesIn } from "../root_files.ts";

/** Where scripts find them. */
const PACKAGES = "/packages";

/** Names of what a compiler made for another program: it cannot be loaded. */
const COMPILED = /\.(so(\.[\d.]+)?|pyd|dll|dylib|node)$/;

/** What other interpreters have kept for themselves. */
const LEFT_OUT = /(^|\/)__pycache__(\/|$)/;

/**
 * Reads a directory of packages, as `pip install --target` makes it.
 *
 * @throws {ElfError} "file" if it cannot be read, "root" if there is a compiled extension
 */
export function readPackages(directory: string): RootFile[] {
  if (!guarded(directory, () => Deno.statSync(directory)).isDirectory) {
    throw new ElfError("file", `--packages=${directory}: must be a directory`);
  }
  const files = filesIn(directory).filter(({ path }) => !LEFT_OUT.test(path));
  const compiled = files.find(({ type, path }) => type === "file" && COMPILED.test(path));
  if (compiled === undefined) {
    return files.map((file) => ({ ...file, path: `${PACKAGES}${file.path}` }));
  }
  throw new ElfError(
    "root",
    `${
      printable(directory + compiled.path)
    }: is a compiled extension, and an image has no loader ` +
      "for it; packages must be source code alone",
  );
}
