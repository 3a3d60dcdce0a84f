/**
 * The npm packages that files belong to, and what their authors want to be said where they are used.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Metafile } from "esbuild";
import { fromRoot } from "./paths.ts";

/** What is used of a `package.json`. */
export interface PackageDescription {
  readonly name: string;
  readonly version: string;
  /** As SPDX has it. */
  readonly license: string;
  /** Who wrote it. */
  readonly author?: string;
  /** Its ES module for bundlers, relative to the package. */
  readonly module?: string;
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
 * @throws {Error} if it belongs to none
 */
export function packageOf(path: string): Package {
  for (let directory = dirname(path); directory !== "/"; directory = dirname(directory)) {
    const file = join(directory, "package.json");
    if (!existsSync(file)) continue;
    const description = JSON.parse(Deno.readTextFileSync(file)) as Partial<PackageDescription>;
    // One without a name only says of what kind the files beside it are.
    if (description.name !== undefined) {
      return { directory, description: description as PackageDescription };
    }
  }
  throw new Error(`${path}: belongs to no package`);
}

/** The packages that something is left of in a bundle, by name. */
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

/** Files in which packages say under which conditions they may be passed on. */
const LICENCE_FILE = /^(licen[cs]e|notice)(\.(md|txt))?$/i;

/**
 * The text that has to go with whatever contains these packages.
 *
 * @throws {Error} if the licence of one is not known
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
  // Some only name their licence.
  const known = fromRoot(`release/licences/${license}.txt`);
  if (!existsSync(known)) throw new Error(`${title}: has no licence file`);
  return [title, `By ${author}`, Deno.readTextFileSync(known).trimEnd()].join("\n\n");
}
