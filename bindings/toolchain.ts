/**
 * From C sources to a unikernel: which tool runs on what, and where the results go. What the tools are
 * told is in targets.ts, how they are found and run in tools.ts.
 *
 * @module
 */
import { basename, dirname, extname, join, resolve } from "node:path";
import type { Manifest } from "../abi/manifest.ts";
import { manifestObject } from "../elftool/manifest_object.ts";
import { compileManifest } from "../elftool/manifest_source.ts";
import { readAssets } from "./assets.ts";
import { cached, defaultCacheDir, digest, exists, withScratch } from "./cache.ts";
import { ToolchainError } from "./error.ts";
import {
  APPLICATION_FLAGS,
  bindingsFlags,
  type BuildTarget,
  CPLUSPLUS_FLAGS,
  INCLUDE,
  LINK_FLAGS,
  LINK_MACHINE,
  LINKER_SCRIPT,
  PUBLIC_SYMBOLS,
  TARGET_RULES,
} from "./targets.ts";
import { findToolchain, run, type Toolchain } from "./tools.ts";

export { findToolchain, type Toolchain };

/** Where bindings come from and go to. */
export interface BindingsOptions {
  /** Default: what {@linkcode findToolchain} finds. */
  readonly toolchain?: Toolchain;
  /** Where to keep what need not be built again. Default: the user's cache. */
  readonly cacheDir?: string;
}

/** The bindings of a target, ready to link with. */
export interface Bindings {
  /** Path of a relocatable object; its name holds a digest of all that it was made from. */
  readonly object: string;
  /** Directory of the headers and the linker script. */
  readonly assets: string;
}

/**
 * Builds the bindings of a target, once for each version of their sources and of the compiler.
 *
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildBindings(
  target: BuildTarget,
  options: BindingsOptions = {},
): Promise<Bindings> {
  const { toolchain = findToolchain(), cacheDir = defaultCacheDir() } = options;
  const files = readAssets();
  const fingerprint = await digest([...files].flat());
  const assets = await cached(join(cacheDir, `assets-${fingerprint}`), async (made) => {
    for (const [name, content] of files) {
      await Deno.mkdir(join(made, dirname(name)), { recursive: true });
      await Deno.writeFile(join(made, name), content);
    }
  });
  const { sources } = TARGET_RULES[target];
  const rules = sources.map((source) => [source, ...bindingsFlags(source)]);
  const key = await digest([
    fingerprint,
    JSON.stringify([toolchain, rules, LINK_MACHINE, PUBLIC_SYMBOLS]),
  ]);
  const object = await cached(join(cacheDir, `solo5_${target}-${key}.o`), async (made, scratch) => {
    const objects = await Promise.all(sources.map(async (source, index) => {
      const result = join(scratch, `${index}.o`);
      // Compiled from inside, by relative names: where the cache is shall not show.
      await compile(toolchain, source, {
        flags: [...bindingsFlags(source), ...includes(toolchain, ".")],
        output: result,
        cwd: assets,
      });
      return result;
    }));
    await run("link", `bindings of ${target}`, [
      toolchain.ld,
      ...LINK_MACHINE,
      "-r",
      "-o",
      made,
      ...objects,
    ]);
    const keep = PUBLIC_SYMBOLS.flatMap((symbol) => ["-G", symbol]);
    await run("link", `bindings of ${target}`, [toolchain.objcopy, "-w", ...keep, made]);
  });
  return { object, assets };
}

/** What a unikernel is built from, besides its sources. */
export interface UnikernelOptions extends BindingsOptions {
  readonly target: BuildTarget;
  /** Path of the unikernel to write. */
  readonly output: string;
  /** Path of the manifest. Default: manifest.json beside the first source, else one without devices. */
  readonly manifest?: string;
  /** Flags for the compiler, after the project's own. */
  readonly ccFlags?: readonly string[];
}

const LINKED = new Set([".o", ".a"]);
const CPLUSPLUS = new Set([".cc", ".cpp", ".cxx"]);
const COMPILED = new Set([".c", ".S", ".s", ...CPLUSPLUS]);

/**
 * Builds a unikernel. The same inputs give the same bytes, wherever they lie.
 *
 * @param sources paths: .c, .cc, .cpp, .cxx, .S and .s are compiled, .o and .a linked as they are
 * @throws {ToolchainError} if a tool is missing, or a source does not exist, compile or link
 * @throws {ElfError} if the manifest is not one
 */
export async function buildUnikernel(
  sources: readonly string[],
  options: UnikernelOptions,
): Promise<void> {
  checkSources(sources);
  const { toolchain = findToolchain(), cacheDir = defaultCacheDir(), target } = options;
  const manifest = await readManifest(options.manifest ?? defaultManifest(sources[0]!));
  const bindings = await buildBindings(target, { toolchain, cacheDir });
  await withScratch(cacheDir, async (scratch) => {
    const manifestPath = join(scratch, "manifest.o");
    await Deno.writeFile(manifestPath, manifestObject(manifest, "x86_64"));
    const objects = await Promise.all(sources.map(async (source, index) => {
      if (LINKED.has(extname(source))) return source;
      const object = join(scratch, `${index}.o`);
      const flags = applicationFlags(source, { toolchain, assets: bindings.assets });
      await compile(toolchain, source, {
        flags: [...flags, ...options.ccFlags ?? []],
        output: object,
      });
      return object;
    }));
    // The bindings come first, so that an archive may hold the application's entry point.
    await link(toolchain, [bindings.object, ...objects, manifestPath], {
      script: join(bindings.assets, LINKER_SCRIPT),
      output: options.output,
    });
  });
}

function checkSources(sources: readonly string[]): void {
  if (sources.length === 0) throw new ToolchainError("source", "no source to build from");
  for (const source of sources) {
    const extension = extname(source);
    if (!LINKED.has(extension) && !COMPILED.has(extension)) {
      const known = [...COMPILED, ...LINKED].join(", ");
      throw new ToolchainError("source", `${source}: not a kind of source, which are ${known}`);
    }
    if (!exists(source)) throw new ToolchainError("source", `${source}: no such file`);
  }
}

function defaultManifest(source: string): string | undefined {
  const path = join(dirname(source), "manifest.json");
  return exists(path) ? path : undefined;
}

async function readManifest(path: string | undefined): Promise<Manifest> {
  if (path === undefined) return { devices: [] };
  let source: string;
  try {
    source = await Deno.readTextFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "no such file" : String(error);
    throw new ToolchainError("manifest", `${path}: ${reason}`);
  }
  return compileManifest(source, { name: path });
}

function applicationFlags(
  source: string,
  { toolchain, assets }: { toolchain: Toolchain; assets: string },
): string[] {
  return [
    ...APPLICATION_FLAGS,
    ...(CPLUSPLUS.has(extname(source)) ? CPLUSPLUS_FLAGS : []),
    ...includes(toolchain, assets),
    `-ffile-prefix-map=${assets}=solo5`,
    `-ffile-prefix-map=${Deno.cwd()}=.`,
    `-ffile-prefix-map=${dirname(source)}/=`,
    `-ffile-prefix-map=${resolve(dirname(source))}/=`,
  ];
}

function includes(toolchain: Toolchain, assets: string): string[] {
  const own = INCLUDE.map((name) => join(assets, name));
  // The compiler's headers first: they look for the next of the same name where they need one.
  return [toolchain.headers, ...own].flatMap((path) => ["-isystem", path]);
}

async function compile(
  toolchain: Toolchain,
  source: string,
  { flags, output, cwd }: { flags: readonly string[]; output: string; cwd?: string },
): Promise<void> {
  await run("compile", source, [...toolchain.cc, ...flags, "-c", source, "-o", output], cwd);
}

async function link(
  toolchain: Toolchain,
  objects: readonly string[],
  { script, output }: { script: string; output: string },
): Promise<void> {
  const directory = dirname(output);
  if (!exists(directory)) throw new ToolchainError("output", `${directory}: no such directory`);
  const temporary = join(directory, `.${basename(output)}.${crypto.randomUUID()}`);
  try {
    await run("link", output, [
      toolchain.ld,
      ...LINK_FLAGS,
      "-T",
      script,
      "-o",
      temporary,
      ...objects,
    ]);
    await Deno.rename(temporary, output);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
