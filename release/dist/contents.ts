/**
 * The files of an installation, as the archive and the Debian package have them.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { completionScript } from "../../commands/completions.ts";
import { currentManual } from "../manual.ts";
import type { ImageFile } from "../images/built.ts";
import { licenceNotices, type Package } from "../bundled_packages.ts";
import { fromRoot } from "../paths.ts";

/** A file of a package. */
export interface PackagedFile {
  /** Below the root of the installation. */
  readonly path: string;
  readonly content: Uint8Array | string;
  readonly executable?: boolean;
}

/** Files that are also in a release by themselves, for packagers of other systems. */
export const MANUAL_PAGE: PackagedFile = { path: "soloden.1", content: currentManual() };

/** Completion scripts, by where each shell looks for them below `share/`. */
export const COMPLETIONS: readonly PackagedFile[] = [
  { path: "bash-completion/completions/soloden", content: completionScript("bash") },
  { path: "zsh/vendor-completions/_soloden", content: completionScript("zsh") },
  { path: "fish/vendor_completions.d/soloden.fish", content: completionScript("fish") },
];

/** The files of every installation: the executable, its documents, and the notices of its packages. */
export function installedFiles(
  executable: Uint8Array,
  { packages, images }: { packages: readonly Package[]; images: readonly ImageFile[] },
): PackagedFile[] {
  const shared: readonly PackagedFile[] = [
    { path: "doc/soloden/NOTICES", content: licenceNotices(packages) },
    { path: "man/man1/soloden.1.gz", content: compress(MANUAL_PAGE.content as string) },
    ...COMPLETIONS,
    ...["README.md", "docs/guide.md", "docs/observing.md", "docs/debugging.md", "docs/dropin.md"]
      .concat("docs/security.md")
      .map((path) => ({ path: `doc/soloden/${path}`, content: Deno.readFileSync(fromRoot(path)) })),
  ];
  return [
    { path: "bin/soloden", content: executable, executable: true },
    ...shared.map((file) => ({ ...file, path: `share/${file.path}` })),
    ...images.map(({ name, content }) => ({ path: `lib/soloden/images/${name}`, content })),
  ];
}

/** Compresses as Debian's policy asks: at the highest level, without a date. */
export function compress(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}
