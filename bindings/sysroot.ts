/**
 * What a build system finds under a prefix: headers, bindings, linker scripts, and which tools they
 * were made for. An installation has it, and so has the cache for wrappers that are not installed.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { SOLO5_VERSION } from "../abi/solo5.ts";
import { readAssets } from "./assets.ts";
import { cached, defaultCacheDir, digest } from "./cache.ts";
import {
  type BindingsTarget,
  DRIVER_LINK_FLAGS,
  LINKER_SCRIPT,
  TARGET_RULES,
  WRAPPER_FLAGS,
} from "./targets.ts";
import { buildBindings, findToolchain, type Toolchain } from "./toolchain.ts";

/** What build systems call the machine that unikernels are for. */
export const TRIPLE = "x86_64-solo5-none-static";

/** The programs that a sysroot was made for and its wrappers run: what to execute, and its first arguments. */
export type Tools = Pick<Toolchain, "cc" | "ld" | "objcopy">;

/** Where things lie, relative to a prefix. */
export const SYSROOT = {
  /** Solo5's headers. */
  headers: "include/solo5",
  /** Headers of the language. */
  languageHeaders: `include/${TRIPLE}`,
  /** A {@linkcode Tools} as JSON. */
  tools: `lib/${TRIPLE}/toolchain.json`,
  object: (target: string) => `lib/${TRIPLE}/solo5_${target}.o`,
  script: (target: string) => `lib/${TRIPLE}/solo5_${target}.lds`,
  pkgConfig: (target: string) => `lib/pkgconfig/solo5-bindings-${target}.pc`,
} as const;

/** Everything that there are bindings for. */
export const BINDINGS_TARGETS = Object.keys(TARGET_RULES) as BindingsTarget[];

/** Which compiler to make a sysroot for, and where to keep what need not be made again. */
export interface SysrootOptions {
  /** Default: what {@linkcode findToolchain} finds. */
  readonly toolchain?: Toolchain;
  /** Default: the user's cache. */
  readonly cacheDir?: string;
}

/**
 * Makes the files of a sysroot.
 *
 * @returns their contents by their paths under a prefix
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function sysrootFiles(
  options: SysrootOptions = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { toolchain = findToolchain(), cacheDir = defaultCacheDir() } = options;
  const assets = readAssets();
  const encode = (text: string) => new TextEncoder().encode(text);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, content] of assets) {
    if (dirname(name) === "include") files.set(`${SYSROOT.headers}/${basename(name)}`, content);
  }
  addDirectory(files, SYSROOT.languageHeaders, toolchain.headers);
  // GCC's limits.h includes this for the limits of an operating system; the compiler's own copy
  // goes on to look for a libc's.
  files.set(`${SYSROOT.languageHeaders}/syslimits.h`, assets.get("include/libc/limits.h")!);
  for (const target of BINDINGS_TARGETS) {
    const { object } = await buildBindings(target, { toolchain, cacheDir });
    files.set(SYSROOT.object(target), await Deno.readFile(object));
    files.set(SYSROOT.script(target), assets.get(LINKER_SCRIPT)!);
    if (target !== "stub") files.set(SYSROOT.pkgConfig(target), encode(pkgConfig(target)));
  }
  const { cc, ld, objcopy } = toolchain;
  const tools: Tools = { cc, ld, objcopy };
  return files.set(SYSROOT.tools, encode(`${JSON.stringify(tools)}\n`));
}

/** The prefix of a sysroot in the cache, made first where it is not there yet. */
export async function cachedSysroot(options: SysrootOptions = {}): Promise<string> {
  const { cacheDir = defaultCacheDir() } = options;
  const files = await sysrootFiles({ ...options, cacheDir });
  const key = await digest([...files].flat());
  return await cached(join(cacheDir, `sysroot-${key}`), async (made) => {
    for (const [path, content] of files) {
      await Deno.mkdir(join(made, dirname(path)), { recursive: true });
      await Deno.writeFile(join(made, path), content);
    }
  });
}

function addDirectory(
  files: Map<string, Uint8Array<ArrayBuffer>>,
  name: string,
  path: string,
): void {
  for (const entry of Array.from(Deno.readDirSync(path)).sort((a, b) => a.name < b.name ? -1 : 1)) {
    const from = join(path, entry.name);
    if (Deno.statSync(from).isDirectory) addDirectory(files, `${name}/${entry.name}`, from);
    else files.set(`${name}/${entry.name}`, Deno.readFileSync(from));
  }
}

/** For build systems that compile and link by themselves. */
function pkgConfig(target: BindingsTarget): string {
  return `prefix=\${pcfiledir}/../..

Name: solo5-bindings-${target}
Description: Makes a unikernel for Solo5's ${target} target
Version: ${SOLO5_VERSION}
Cflags: ${
    WRAPPER_FLAGS.join(" ")
  } -isystem \${prefix}/${SYSROOT.languageHeaders} -I\${prefix}/${SYSROOT.headers}
Libs: ${DRIVER_LINK_FLAGS.join(" ")} -T \${prefix}/${SYSROOT.script(target)} \${prefix}/${
    SYSROOT.object(target)
  }
`;
}
