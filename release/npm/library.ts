/**
 * The library as the npm package has it, for Node.js, Bun and others that run ES modules: the part
 * that needs no system (elftool/mod.ts), as one module and the declarations of its types.
 *
 * @module
 */
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { packages } from "../bundle_plugins.ts";
import { bundledPackages, type Package } from "../bundled_packages.ts";
import { fromRoot } from "../paths.ts";

const ENTRY = "elftool/mod.ts";

/** Where the module is, in the package. */
export const LIBRARY_MODULE = "lib/soloden.js";

/** Where its types are, in the package. */
export const LIBRARY_TYPES = "lib/types/elftool/mod.d.ts";

/** The oldest Node.js that runs it, as tests/release/npm/package_test.ts tries. */
export const OLDEST_NODE = 20;

/** The library's files. */
export interface Library {
  /** Texts by their paths in the package. */
  readonly files: ReadonlyMap<string, string>;
  /** The npm packages that it contains code of. */
  readonly packages: readonly Package[];
}

/** Makes the library. */
export async function npmLibrary(): Promise<Library> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fromRoot(ENTRY)],
    absWorkingDir: fromRoot("."),
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    target: `node${OLDEST_NODE}`,
    legalComments: "none",
    logLevel: "warning",
    plugins: [packages()],
  });
  await stop();
  const files = new Map([[LIBRARY_MODULE, withoutPaths(outputFiles[0]!.text)]]);
  for (const [path, text] of declarations()) files.set(path, text);
  return { files, packages: bundledPackages(metafile) };
}

/** Removes the path of each module, which esbuild adds as a comment. */
function withoutPaths(text: string): string {
  return text.replace(/^\/\/ .*\.(ts|m?js)\n/gm, "");
}

/**
 * The type declarations of the entry and of all that it refers to, by their paths in the package.
 *
 * @throws {Error} if the library's types are wrong, or come from a package
 */
function declarations(): Map<string, string> {
  const directory = Deno.makeTempDirSync();
  try {
    const args = ["transpile", "--quiet", "--declaration", "--outdir", directory, ENTRY];
    const command = new Deno.Command(Deno.execPath(), { args, cwd: fromRoot(".") });
    const { success, stderr } = command.outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const found = new Map<string, string>();
    const take = (module: string): void => {
      if (found.has(module)) return;
      const { text, modules } = publicDeclaration(
        Deno.readTextFileSync(join(directory, module.replace(/\.ts$/, ".d.ts"))),
        module,
      );
      found.set(module, text);
      modules.forEach(take);
    };
    take(ENTRY);
    const types = dirname(dirname(LIBRARY_TYPES));
    return new Map(
      [...found].map(([module, text]) => [join(types, module.replace(/\.ts$/, ".d.ts")), text]),
    );
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** A module that a declaration names, in a statement or inside a type. */
const SPECIFIER = /(?<=\bfrom |\bimport\()"([^"]+)"/g;

/** A declaration for the package: without paths of this machine; examples import the package. */
function publicDeclaration(
  declaration: string,
  module: string,
): { text: string; modules: readonly string[] } {
  const modules: string[] = [];
  const text = declaration.replace(/^\/\/\/ <amd-module .*\n/gm, "")
    .replace(SPECIFIER, (_, specifier: string, at: number, whole: string) => {
      const line = whole.slice(whole.lastIndexOf("\n", at) + 1, at);
      if (/^ *\*/.test(line)) return '"soloden"';
      const path = modulePath(specifier, module);
      modules.push(relative(fromRoot("."), path));
      const beside = relative(fromRoot(dirname(module)), path).replace(/\.ts$/, ".js");
      return JSON.stringify(beside.startsWith(".") ? beside : `./${beside}`);
    });
  return { text, modules };
}

/** The path of a module that another module of this checkout imports. */
function modulePath(specifier: string, module: string): string {
  if (specifier.startsWith("file:")) return fileURLToPath(specifier);
  if (specifier.startsWith(".")) return join(fromRoot(dirname(module)), specifier);
  throw new Error(`${module}: has types of ${specifier}`);
}
