/**
 * Plugins of esbuild for this project: they find packages, load built-in modules late, and put the guest
 * side's files into the bundle.
 *
 * @module
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import type { Plugin } from "esbuild";
import { readAssets } from "../bindings/assets.ts";
import { ToolchainError } from "../bindings/error.ts";
import { buildDiskLoader, PREBUILT_LOADER } from "../bindings/disk_loader.ts";
import { bindingsTargets } from "../bindings/targets.ts";
import { buildBindings, prebuiltObject } from "../bindings/toolchain.ts";
import { packageOf } from "./bundled_packages.ts";
import { fromRoot } from "./paths.ts";

/** Finds npm packages by this project's import map, in Deno's own cache. */
export function packages(): Plugin {
  return {
    name: "packages",
    setup(build) {
      // Neither a path nor a URL: a name.
      build.onResolve({ filter: /^[^./:][^:]*$/ }, ({ path, kind, importer }) => {
        if (kind === "entry-point") return null;
        const found = isOurs(importer)
          ? packageEntry(fileURLToPath(import.meta.resolve(path)))
          : dependencyEntry(path, importer);
        return { path: found, sideEffects: false };
      });
      // Modules of the library name the registry, since whoever imports them has another import map.
      build.onResolve({ filter: /^npm:/ }, ({ path, ...options }) => {
        const [, name] = /^npm:(.+)@[^@]*$/.exec(path)!;
        return build.resolve(name!, options);
      });
    },
  };
}

/** The ES module that a package offers to bundlers, where the runtime would take another file. */
function packageEntry(resolved: string): string {
  const { directory, description: { module } } = packageOf(resolved);
  return module === undefined ? resolved : join(directory, module);
}

/** Whether a file is this project's own. */
function isOurs(path: string): boolean {
  return path.startsWith(`${fromRoot(".")}/`);
}

/** The ES module that a package means by the name of one that it depends on, or of itself. */
function dependencyEntry(name: string, importer: string): string {
  const { directory, description } = packageOf(createRequire(importer).resolve(name));
  const { exports = {} } = description;
  const found = exports[`.${name.slice(description.name.length)}`]?.import;
  const file = typeof found === "string" ? found : found?.default;
  if (file === undefined) throw new Error(`${name}: has no ES module for ${importer}`);
  return join(directory, file);
}

/**
 * Replaces modules of packages that a bundle must not have, and the address of a worker by its code, which a
 * bundle has no file for.
 */
export function replacements(): Plugin {
  return {
    name: "replacements",
    setup(build) {
      build.onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, () => ({
        path: fromRoot("mcp/server/package_shims.ts"),
      }));
      build.onLoad({ filter: /\/mcp\/schema_worker_url\.ts$/ }, async () => {
        const { esbuild, initialOptions } = build;
        const { outputFiles } = await esbuild.build({
          ...initialOptions,
          entryPoints: [fromRoot("mcp/schema_worker.ts")],
          splitting: false,
          metafile: false,
          write: false,
          plugins: [packages()],
        });
        const contents = `
          const code = ${JSON.stringify(outputFiles[0]!.text)};
          export const workerUrl = () =>
            URL.createObjectURL(new Blob([code], { type: "text/javascript" }));`;
        return { contents };
      });
    },
  };
}

/**
 * Loads the runtime's built-in modules when the module that imports them is: an import at the top
 * of the bundle costs every command 4 to 12 ms.
 */
export function lazyBuiltins(): Plugin {
  return {
    name: "lazy-builtins",
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path, namespace }) => {
        return namespace === "lazy" ? { path, external: true } : { path, namespace: "lazy" };
      });
      build.onLoad({ filter: /./, namespace: "lazy" }, async ({ path }) => {
        const names = Object.keys(await import(path)).filter((name) => name !== "default");
        const contents = `export const { ${names.join(", ")} } = await import("${path}");`;
        return { contents };
      });
    },
  };
}

/**
 * Evaluates modules whose values never change when the bundle is made, and replaces them with those
 * values: numbers, strings, bytes, arrays and objects of them, and undefined.
 */
export function fixedValues(): Plugin {
  return {
    name: "fixed-values",
    setup(build) {
      build.onLoad({ filter: /\.fixed\.ts$/ }, async ({ path }) => {
        const values = Object.entries(await importInTurn(path));
        const contents = values.map(([name, value]) => `export const ${name} = ${literal(value)};`);
        return { contents: contents.join("\n") };
      });
    },
  };
}

let lastImport: Promise<unknown> = Promise.resolve();

/** Imports one module after another: one that awaits is given out unfinished to a second import of it meanwhile. */
function importInTurn(path: string): Promise<Record<string, unknown>> {
  const module = lastImport.then(() => import(path) as Promise<Record<string, unknown>>);
  lastImport = module.catch(() => {});
  return module;
}

/** A value as a JavaScript expression. */
function literal(value: unknown): string {
  if (value instanceof Uint8Array) return `Uint8Array.fromBase64("${value.toBase64()}")`;
  if (value === undefined) return "undefined";
  if (Array.isArray(value)) return `[${value.map(literal)}]`;
  if (typeof value === "boolean" || typeof value === "string" || Number.isFinite(value)) {
    return JSON.stringify(value);
  }
  const isPlain = typeof value === "object" && value?.constructor === Object;
  if (!isPlain) throw new TypeError(`no fixed value: ${value}`);
  const entries = Object.entries(value).map(([name, value]) =>
    `${JSON.stringify(name)}:${literal(value)}`
  );
  return `{${entries}}`;
}

/** Keeps the parts of the project's description that the command prints. */
export function description(): Plugin {
  return {
    name: "description",
    setup(build) {
      build.onLoad({ filter: /\/deno\.json$/ }, ({ path }) => {
        const { version } = JSON.parse(Deno.readTextFileSync(path)) as { version: string };
        return { contents: JSON.stringify({ version }), loader: "json" };
      });
    },
  };
}

/**
 * Replaces the module that reads the guest side's files from the checkout with those files, and with
 * the bindings built from them if this machine can build them; all compressed, which saves 150 KB.
 */
export function assets(): Plugin {
  return {
    name: "assets",
    setup(build) {
      build.onLoad({ filter: /\/bindings\/assets\.ts$/ }, async () => {
        const imageOf = (name: string) =>
          importInTurn(fromRoot(`bindings/images/${name}.fixed.ts`));
        const { personality } = await imageOf("personality");
        const { recorder } = await imageOf("recorder");
        // What is built already, and for no other architecture, needs no sources.
        const isBuilt = (name: string) =>
          name.startsWith("personality/") && personality ||
          name.startsWith("recorder/") && recorder;
        const sources = [...readAssets()].filter(([name]) => !isBuilt(name));
        const files = [...sources, ...await prebuiltObjects()];
        const sizes = files.map(([name, data]) => [name, data.length]);
        const data = await new Blob(files.map(([, data]) => data)).bytes();
        const contents = `
          const sizes = ${JSON.stringify(sizes)};
          const data = ${literal(new Uint8Array(deflateRawSync(data, { level: 9 })))};
          // node:zlib would need /proc.
          const stream = new Blob([data]).stream();
          const all = await new Response(
            stream.pipeThrough(new DecompressionStream("deflate-raw"))).bytes();
          export function readAssets() {
            let at = 0;
            return new Map(sizes.map(([name, size]) => [name, all.slice(at, at += size)]));
          }`;
        return { contents };
      });
    },
  };
}

/** What is built of the bindings, by names; empty without a compiler. */
async function prebuiltObjects(): Promise<[string, Uint8Array<ArrayBuffer>][]> {
  const objects: [string, Uint8Array<ArrayBuffer>][] = [];
  try {
    for (const target of bindingsTargets("x86_64")) {
      const { object } = await buildBindings(target);
      objects.push([prebuiltObject(target), Deno.readFileSync(object)]);
    }
    objects.push([PREBUILT_LOADER, await buildDiskLoader()]);
  } catch (error) {
    if (!(error instanceof ToolchainError && error.code === "no-tool")) throw error;
    console.warn(`without built bindings: ${error.message}`);
  }
  return objects;
}
