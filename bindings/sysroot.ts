/**
 * The sysroot: headers, bindings and linker scripts under a prefix. An installation has one, and so has
 * the cache, for `soloden cc`.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import type { Architecture } from "../abi/elf.ts";
import { SOLO5_VERSION } from "../abi/solo5.ts";
import { readAssets } from "./assets.ts";
import { cached, defaultCacheDir, digest } from "./cache.ts";
import {
  type BindingsTarget,
  bindingsTargets,
  DRIVER_LINK_FLAGS,
  LIBC,
  LINKER_SCRIPT,
  WRAPPER_FLAGS,
} from "./targets.ts";
import { buildBindings, type Toolchain } from "./toolchain.ts";

/** The triple by which build systems call an architecture. */
export function tripleOf(architecture: Architecture): string {
  return `${architecture}-solo5-none-static`;
}

/** Where the headers of a C library lie, for the functions that are linked; relative to the compiler's. */
export const LIBC_HEADERS = "libc";

/** Where the parts of a sysroot lie, relative to its prefix. */
export interface SysrootPaths {
  /** Solo5's headers, the same for every architecture. */
  readonly headers: string;
  /** Headers of the compiler; below them, in {@linkcode LIBC_HEADERS}, those of a C library. */
  readonly languageHeaders: string;
  /** The bindings and their linker scripts. */
  readonly libraries: string;
  object(target: string): string;
  script(target: string): string;
}

/** Where the parts for an architecture lie. */
export function sysrootPaths(architecture: Architecture): SysrootPaths {
  const triple = tripleOf(architecture);
  return {
    headers: "include/solo5",
    languageHeaders: `include/${triple}`,
    libraries: `lib/${triple}`,
    object: (target) => `lib/${triple}/solo5_${target}.o`,
    script: (target) => `lib/${triple}/solo5_${target}.lds`,
  };
}

/** Where built files are cached. */
export interface SysrootOptions {
  /** Default: the user's cache. */
  readonly cacheDir?: string;
}

/**
 * Makes the files of a sysroot.
 *
 * @param toolchain builds the bindings, for its architecture
 * @returns their contents by their paths under a prefix
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function sysrootFiles(
  toolchain: Toolchain,
  options: SysrootOptions = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { cacheDir = defaultCacheDir() } = options;
  const { architecture } = toolchain;
  const paths = sysrootPaths(architecture);
  const assets = readAssets();
  const encode = (text: string) => new TextEncoder().encode(text);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, content] of assets) {
    if (dirname(name) === "include") files.set(`${paths.headers}/${basename(name)}`, content);
  }
  addDirectory(files, paths.languageHeaders, toolchain.headers);
  // GCC's limits.h includes this for the limits of an operating system; the compiler's own copy
  // goes on to look for a libc's.
  files.set(`${paths.languageHeaders}/syslimits.h`, assets.get(`${LIBC}/limits.h`)!);
  for (const [name, content] of assets) {
    if (dirname(name) !== LIBC) continue;
    files.set(`${paths.languageHeaders}/${LIBC_HEADERS}/${basename(name)}`, content);
  }
  for (const target of bindingsTargets(architecture)) {
    const { object } = await buildBindings(target, { toolchain, cacheDir });
    files.set(paths.object(target), await Deno.readFile(object));
    files.set(paths.script(target), assets.get(LINKER_SCRIPT)!);
    // These names contain no architecture: they are for x86_64.
    if (architecture === "x86_64" && target !== "stub") {
      files.set(
        `lib/pkgconfig/solo5-bindings-${target}.pc`,
        encode(pkgConfig(target, architecture)),
      );
    }
  }
  return files;
}

/** The prefix of a sysroot in the cache, made first where it is not there yet. */
export async function cachedSysroot(
  toolchain: Toolchain,
  options: SysrootOptions = {},
): Promise<string> {
  const { cacheDir = defaultCacheDir() } = options;
  const files = await sysrootFiles(toolchain, { cacheDir });
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

/** The pkg-config file, for build systems that do not use the wrappers. */
function pkgConfig(target: BindingsTarget, architecture: Architecture): string {
  const paths = sysrootPaths(architecture);
  return `prefix=\${pcfiledir}/../..

Name: solo5-bindings-${target}
Description: Makes a unikernel for Solo5's ${target} target
Version: ${SOLO5_VERSION}
Cflags: ${
    WRAPPER_FLAGS[architecture].join(" ")
  } -isystem \${prefix}/${paths.languageHeaders} -I\${prefix}/${paths.headers} -idirafter \${prefix}/${paths.languageHeaders}/${LIBC_HEADERS}
Libs: ${DRIVER_LINK_FLAGS.join(" ")} -T \${prefix}/${paths.script(target)} \${prefix}/${
    paths.object(target)
  }
`;
}
