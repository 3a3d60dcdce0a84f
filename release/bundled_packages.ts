/**
 * The npm packages that files belong to, and the notices that their licences ask for.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Metafile } from "esbuild";
import { fromRoot } from "./paths.ts";

/** The fields of a `package.json` that are used. */
export interface PackageDescription {
  readonly name: string;
  readonly version: string;
  /** As an SPDX expression. */
  readonly license: string;
  /** Its author. */
  readonly author?: string;
  /** Its ES module for bundlers, relative to the package. */
  readonly module?: string;
  /** What it exports, by paths in it: the files for each way to import it. */
  readonly exports?: Readonly<
    Record<string, { readonly import?: string | { readonly default?: string } } | undefined>
  >;
}

/** A package as it lies in a cache. */
export interface Package {
  /** Absolute. */
  readonly directory: string;
  readonly description: PackageDescription;
}

/**
 * The package that a file belongs to.
 *
 * @param path absolute
 * @throws {Error} if it belongs to no package
 */
export function packageOf(path: string): Package {
  for (let directory = dirname(path); directory !== "/"; directory = dirname(directory)) {
    const file = join(directory, "package.json");
    if (!existsSync(file)) continue;
    const description = JSON.parse(Deno.readTextFileSync(file)) as Partial<PackageDescription>;
    // A package.json without a name only states the module type of its directory.
    if (description.name !== undefined) {
      return { directory, description: description as PackageDescription };
    }
  }
  throw new Error(`${path}: belongs to no package`);
}

/** The packages of which a bundle contains code, by name. */
export function bundledPackages({ outputs }: Metafile): Package[] {
  const packages = new Map<string, Package>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const path = resolve(fromRoot("."), input);
      if (bytesInOutput === 0 || path.startsWith(`${fromRoot(".")}/`) || input.includes(":")) {
        continue;
      }
      const found = packageOf(path);
      packages.set(found.description.name, found);
    }
  }
  return [...packages.values()].sort((a, b) => a.description.name < b.description.name ? -1 : 1);
}

/** Names of licence files in packages. */
const LICENCE_FILE = /^(licen[cs]e|notice)(\.(md|txt))?$/i;

/**
 * The notices that have to accompany whatever contains these packages.
 *
 * @throws {Error} if the licence of one of them is unknown
 */
export function licenceNotices(packages: readonly Package[]): string {
  const rule = "-".repeat(72);
  return ["This package contains:", ...packages.map(notice)].join(`\n\n${rule}\n\n`) + "\n";
}

function notice({ directory, description: { name, version, license, author } }: Package): string {
  const title = `${name} ${version} (${license})`;
  const files = [...Deno.readDirSync(directory)].map((entry) => entry.name)
    .filter((file) => LICENCE_FILE.test(file)).sort();
  const texts = files.map((file) => Deno.readTextFileSync(join(directory, file)).trim());
  if (texts.length > 0) return [title, ...texts].join("\n\n");
  // Some packages only name their licence.
  const known = fromRoot(`release/licences/${license}.txt`);
  if (!existsSync(known)) throw new Error(`${title}: has no licence file`);
  return [title, `By ${author}`, Deno.readTextFileSync(known).trimEnd()].join("\n\n");
}
