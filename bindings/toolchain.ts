/**
 * Builds unikernels from C sources: which tool runs on which files, and where the results go. The tools'
 * flags are in targets.ts; tools.ts finds and runs them.
 *
 * @module
 */
import { dirname, extname, join, resolve } from "node:path";
import type { Architecture } from "../abi/elf.ts";
import type { Manifest } from "../abi/manifest.ts";
import { readInput } from "../linux/files.ts";
import { keepInputs, writeOutput } from "../linux/output.ts";
import { manifestObject } from "../elftool/manifest_object.ts";
import { compileManifest } from "../elftool/manifest_source.ts";
import { readAssets } from "./assets.ts";
import { cached, defaultCacheDir, digest, exists, withScratch } from "./cache.ts";
import { ToolchainError } from "./error.ts";
import {
  APPLICATION_FLAGS,
  bindingsFlags,
  type BindingsTarget,
  type BuildTarget,
  CPLUSPLUS_FLAGS,
  imageSources,
  type ImageTarget,
  INCLUDE,
  LIBC,
  LINK_ARCHITECTURE,
  LINK_FLAGS,
  LINKER_SCRIPT,
  PERSONALITY_LINK_FLAGS,
  PERSONALITY_SCRIPT,
  PERSONALITY_SOURCES,
  personalityFlags,
  PUBLIC_SYMBOLS,
  RECORDER_SCRIPT,
  RECORDER_SOURCES,
  SOURCES,
} from "./targets.ts";
import { findToolchain, run, type Toolchain } from "./tools.ts";

export { findToolchain, findToolchains, type Toolchain, type ToolchainChoice } from "./tools.ts";

/** Options of {@linkcode buildBindings}. */
export interface BindingsOptions {
  /** Default: what {@linkcode findToolchain} finds. */
  readonly toolchain?: Toolchain;
  /** Where built files are cached. Default: the user's cache. */
  readonly cacheDir?: string;
  /** Whether debuggers find their sources, which lie in the cache. Default: no. */
  readonly debug?: boolean;
}

/** The bindings of a target, ready to be linked. */
export interface Bindings {
  /** Path of a relocatable object; its name holds a digest of all that it was made from. */
  readonly object: string;
  /** Directory of the headers and the linker script. */
  readonly assets: string;
}

/** In a bundle: the bindings for x86_64, built together with it. */
export function prebuiltObject(target: BindingsTarget): string {
  return `prebuilt/solo5_${target}.o`;
}

/**
 * Builds the bindings of a target, once for each version of their sources and of the compiler; the cache
 * keeps them.
 *
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildBindings(
  target: BindingsTarget,
  options: BindingsOptions = {},
): Promise<Bindings> {
  const { toolchain, cacheDir, debug } = withDefaults(options);
  const { files, fingerprint, assets } = await cachedAssets(cacheDir);
  const { architecture } = toolchain;
  if (!debug && architecture === "x86_64" && files.has(prebuiltObject(target))) {
    return { object: join(assets, prebuiltObject(target)), assets };
  }
  const sources = SOURCES[architecture][target] ?? refuse(target, architecture);
  const rules = sources.map((source) => ({
    source,
    flags: sourceFlags(bindingsFlags(source, architecture), { toolchain, assets, debug }),
  }));
  const made = JSON.stringify([toolchain, rules, LINK_ARCHITECTURE[architecture], PUBLIC_SYMBOLS]);
  // Debug information holds where the cache lies, which may move.
  const key = await digest([fingerprint, made, ...(debug ? [assets] : [])]);
  const object = await cached(
    join(cacheDir, `solo5_${target}-${key}.o`),
    (output, scratch) => compileBindings(target, { toolchain, assets, rules, scratch, output }),
  );
  return { object, assets };
}

/** Writes the files of this room into the cache, for compilers to read. */
async function cachedAssets(
  cacheDir: string,
): Promise<{ files: Map<string, Uint8Array>; fingerprint: string; assets: string }> {
  const files = readAssets();
  const fingerprint = await digest([...files].flat());
  const assets = await cached(join(cacheDir, `assets-${fingerprint}`), async (made) => {
    for (const [name, content] of files) {
      await Deno.mkdir(join(made, dirname(name)), { recursive: true });
      await Deno.writeFile(join(made, name), content);
    }
  });
  return { files, fingerprint, assets };
}

/**
 * Links the bindings of a target without an application, as they are put under portable unikernels; once
 * for each version of their sources and of the compiler.
 *
 * @returns the path of an ELF file with its symbols
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildBindingsImage(
  target: ImageTarget,
  options: Pick<BindingsOptions, "toolchain" | "cacheDir"> = {},
): Promise<string> {
  const { toolchain, cacheDir } = withDefaults(options);
  const { architecture } = toolchain;
  return await buildImage(target, {
    toolchain,
    cacheDir,
    sources: imageSources(target, architecture) ?? refuse(target, architecture),
    flagsOf: (source) => bindingsFlags(source, architecture),
    linkFlags: LINK_FLAGS[architecture],
    script: LINKER_SCRIPT,
  });
}

/**
 * Links the personality, which answers the system calls of adopted programs; once for each version of its
 * sources and of the compiler.
 *
 * @returns the path of an ELF file with its symbols
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildPersonality(): Promise<string> {
  return await buildImage("personality", {
    ...withDefaults({ toolchain: findToolchain({ architecture: "x86_64" }) }),
    sources: PERSONALITY_SOURCES,
    flagsOf: personalityFlags,
    linkFlags: PERSONALITY_LINK_FLAGS,
    script: PERSONALITY_SCRIPT,
  });
}

/**
 * Links the recorder, which logs the system calls of a guest of spt inside of it; once for each version of
 * its sources and of the compiler.
 *
 * @returns the path of an ELF file with its symbols
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildRecorder(): Promise<string> {
  return await buildImage("recorder", {
    ...withDefaults({ toolchain: findToolchain({ architecture: "x86_64" }) }),
    sources: RECORDER_SOURCES,
    flagsOf: personalityFlags,
    linkFlags: PERSONALITY_LINK_FLAGS,
    script: RECORDER_SCRIPT,
  });
}

/** How an image is built: its sources are compiled with their flags, and linked by a script. */
interface ImageJob extends Pick<Required<BindingsOptions>, "toolchain" | "cacheDir"> {
  readonly sources: readonly string[];
  readonly flagsOf: (source: string) => string[];
  readonly linkFlags: readonly string[];
  readonly script: string;
}

async function buildImage(
  name: string,
  { toolchain, cacheDir, sources, flagsOf, linkFlags, script }: ImageJob,
): Promise<string> {
  const { fingerprint, assets } = await cachedAssets(cacheDir);
  const rules = sources.map((source) => ({
    source,
    flags: sourceFlags(flagsOf(source), { toolchain, assets, debug: false }),
  }));
  const key = await digest([fingerprint, JSON.stringify([toolchain, rules, linkFlags])]);
  return await cached(join(cacheDir, `image_${name}-${key}`), async (output, scratch) => {
    const objects = await compileSources(rules, { toolchain, assets, scratch });
    const words = [...linkFlags, "--strip-debug", "-T", join(assets, script), "-o", output];
    await run("link", `image of ${name}`, [...toolchain.ld, ...words, ...objects]);
  });
}

function refuse(target: BindingsTarget, architecture: Architecture): never {
  throw new ToolchainError("no-tool", `there are no bindings of ${target} for ${architecture}`);
}

function withDefaults(options: BindingsOptions): Required<BindingsOptions> {
  const { toolchain = findToolchain(), cacheDir = defaultCacheDir(), debug = false } = options;
  return { toolchain, cacheDir: resolve(cacheDir), debug };
}

/** A source's flags, and those for where it is compiled: in the directory of the assets. */
function sourceFlags(
  flags: readonly string[],
  { toolchain, assets, debug }: { toolchain: Toolchain; assets: string; debug: boolean },
): string[] {
  // The paths of the cache and the compiler stay out of the result, except for a debugger.
  const places = debug ? ["-g"] : [
    `-ffile-prefix-map=${assets}=solo5`,
    `-ffile-prefix-map=${toolchain.headers}=include`,
    // In assembly, clang maps no paths; gcc does not know this option.
    ...(toolchain.version.includes("clang") ? ["-fdebug-compilation-dir=solo5"] : []),
  ];
  return [...flags, ...includes(toolchain, "."), ...places];
}

interface CompileJob {
  readonly toolchain: Toolchain;
  readonly assets: string;
  readonly scratch: string;
}

interface BindingsJob extends CompileJob {
  readonly rules: readonly Rule[];
  readonly output: string;
}

/** A source, and the flags to compile it with. */
interface Rule {
  readonly source: string;
  readonly flags: readonly string[];
}

/** Compiles sources of the bindings, each to an object in the scratch directory. */
function compileSources(
  rules: readonly Rule[],
  { toolchain, assets, scratch }: CompileJob,
): Promise<string[]> {
  return Promise.all(rules.map(async ({ source, flags }, index) => {
    const object = join(scratch, `${index}.o`);
    await compile(toolchain, source, { flags, output: object, cwd: assets });
    return object;
  }));
}

/** Compiles the sources of the bindings into one object with only the public names visible. */
async function compileBindings(
  target: BindingsTarget,
  { rules, output, ...job }: BindingsJob,
): Promise<void> {
  const { architecture, ld, objcopy } = job.toolchain;
  const objects = await compileSources(rules, job);
  await run("link", `bindings of ${target}`, [
    ...ld,
    ...LINK_ARCHITECTURE[architecture],
    "-r",
    "-o",
    output,
    ...objects,
  ]);
  const keep = PUBLIC_SYMBOLS.flatMap((symbol) => ["-G", symbol]);
  await run("link", `bindings of ${target}`, [...objcopy, "-w", ...keep, output]);
}

/** Options of {@linkcode buildUnikernel}. */
export interface UnikernelOptions extends BindingsOptions {
  readonly target: BuildTarget;
  /** Path of the unikernel to write. */
  readonly output: string;
  /** Path of the manifest. Default: manifest.json beside the first source, else one without devices. */
  readonly manifest?: string;
  /** Flags for the compiler, after the project's own. */
  readonly ccFlags?: readonly string[];
}

/** A flag that asks the compiler for debug information. */
const DEBUG_FLAG = /^-g([123]|gdb[123]?|dwarf(-[2-5])?)?$/;

const LINKED = new Set([".o", ".a"]);
const CPLUSPLUS = new Set([".cc", ".cpp", ".cxx"]);
const COMPILED = new Set([".c", ".S", ".s", ...CPLUSPLUS]);

/**
 * Builds a unikernel. The same inputs give the same bytes, wherever they lie; debug information (`-g`)
 * names that place, so that debuggers find the sources.
 *
 * @param sources paths: .c, .cc, .cpp, .cxx, .S and .s are compiled, .o and .a linked as they are
 * @throws {ToolchainError} if a tool is missing, or a source does not exist, compile or link
 * @throws {ElfError} if the manifest is not valid, or a file cannot be read or written
 */
export async function buildUnikernel(
  sources: readonly string[],
  options: UnikernelOptions,
): Promise<void> {
  checkSources(sources);
  const { toolchain, cacheDir } = withDefaults(options);
  const { architecture } = toolchain;
  const manifestSource = options.manifest ?? defaultManifest(sources[0]!);
  keepInputs(options.output, manifestSource === undefined ? sources : [...sources, manifestSource]);
  const manifest = readManifest(manifestSource);
  const { object: bindings, assets } = await buildBindings(options.target, {
    toolchain,
    cacheDir,
    debug: options.debug ?? options.ccFlags?.some((flag) => DEBUG_FLAG.test(flag)),
  });
  const unikernel = await withScratch(cacheDir, async (scratch) => {
    const manifestPath = join(scratch, "manifest.o");
    await Deno.writeFile(manifestPath, manifestObject(manifest, architecture));
    const objects = await Promise.all(sources.map(async (source, index) => {
      if (LINKED.has(extname(source))) return source;
      const object = join(scratch, `${index}.o`);
      const flags = [...applicationFlags(source, { toolchain, assets }), ...options.ccFlags ?? []];
      await compile(toolchain, source, { flags, output: object });
      return object;
    }));
    const linked = join(scratch, "unikernel");
    const script = join(assets, LINKER_SCRIPT);
    // The bindings come first, so that an archive may hold the application's entry point.
    const inputs = [bindings, ...objects, manifestPath];
    const command = [
      ...toolchain.ld,
      ...LINK_FLAGS[architecture],
      "-T",
      script,
      "-o",
      linked,
      ...inputs,
    ];
    await run("link", options.output, command);
    return await Deno.readFile(linked);
  });
  // Not executable: no host runs it as a program.
  writeOutput(options.output, unikernel);
}

function checkSources(sources: readonly string[]): void {
  if (sources.length === 0) throw new ToolchainError("source", "no source to build from");
  for (const source of sources) {
    if (source.startsWith("-")) {
      throw new ToolchainError("source", `${source}: flags for the compiler go after --`);
    }
    const extension = extname(source);
    if (!LINKED.has(extension) && !COMPILED.has(extension)) {
      const known = [...COMPILED, ...LINKED].join(", ");
      throw new ToolchainError(
        "source",
        `${source}: not a source; the name of one ends in ${known}`,
      );
    }
    if (!exists(source)) throw new ToolchainError("source", `${source}: no such file`);
  }
}

function defaultManifest(source: string): string | undefined {
  const path = join(dirname(source), "manifest.json");
  return exists(path) ? path : undefined;
}

function readManifest(path: string | undefined): Manifest {
  if (path === undefined) return { devices: [] };
  return compileManifest(new TextDecoder().decode(readInput(path)), { name: path });
}

function applicationFlags(
  source: string,
  { toolchain, assets }: { toolchain: Toolchain; assets: string },
): string[] {
  return [
    ...APPLICATION_FLAGS[toolchain.architecture],
    ...(CPLUSPLUS.has(extname(source)) ? CPLUSPLUS_FLAGS : []),
    ...includes(toolchain, assets),
    // The value of __FILE__.
    `-fmacro-prefix-map=${assets}=solo5`,
    `-fmacro-prefix-map=${Deno.cwd()}=.`,
    `-fmacro-prefix-map=${dirname(source)}/=`,
  ];
}

function includes(toolchain: Toolchain, assets: string): string[] {
  // The compiler's headers first: they look for the next of the same name where they need one. The
  // C library's come last: a program that has its own string.h gets that one.
  const system = [toolchain.headers, join(assets, INCLUDE)];
  return [...system.flatMap((path) => ["-isystem", path]), "-idirafter", join(assets, LIBC)];
}

async function compile(
  toolchain: Toolchain,
  source: string,
  { flags, output, cwd }: { flags: readonly string[]; output: string; cwd?: string },
): Promise<void> {
  await run("compile", source, [...toolchain.cc, ...flags, "-c", source, "-o", output], cwd);
}
