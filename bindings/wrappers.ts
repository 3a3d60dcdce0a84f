/**
 * The toolchain under Solo5's names: `TRIPLE-cc`, `-ld` and `-objcopy` run this machine's tools with
 * what makes a unikernel of their work, and pass everything else through.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import * as v from "npm:valibot@^1.5.0";
import type { Machine } from "../abi/elf.ts";
import { exists } from "./cache.ts";
import { childEnvironment } from "../elftool/user_environment.ts";
import { ToolchainError } from "./error.ts";
import { cachedSysroot, type SysrootPaths, sysrootPaths, type Tools } from "./sysroot.ts";
import { BINDINGS_TARGETS, DRIVER_LINK_FLAGS, LINK_FLAGS, WRAPPER_FLAGS } from "./targets.ts";
import { findToolchain } from "./tools.ts";

/** What a wrapper stands for. */
export type WrapperTool = keyof Tools;

/** What a wrapper builds for, where its headers and bindings are, and what it runs. */
export interface Sysroot {
  readonly machine: Machine;
  readonly prefix: string;
  readonly tools: Tools;
}

/**
 * Runs a wrapper as this process does: with its standard streams.
 *
 * @param options `tool`: what it stands for; `machine`: which it builds for; `calledAs`: what it was
 * called by, which says where it is installed; without, or where it is not installed, it takes what
 * the cache has
 * @returns the tool's exit status
 * @throws {ToolchainError} if there is nothing to run, or nothing to link with
 */
export async function runWrapper(
  args: readonly string[],
  options: { tool: WrapperTool; machine?: Machine; calledAs?: string },
): Promise<number> {
  const { tool, machine = "x86_64", calledAs } = options;
  const record = sysrootPaths(machine).tools;
  const prefix = (calledAs && installedPrefix(calledAs, record)) ??
    await cachedSysroot(findToolchain({ machine }));
  const tools = readTools(join(prefix, record));
  const command = wrapperCommand(args, { tool, machine, prefix, tools });
  if (Deno.env.has("__V")) console.error(`+ exec ${command.join(" ")}`);
  try {
    const child = new Deno.Command(command[0]!, { args: command.slice(1), ...childEnvironment() })
      .spawn();
    return (await child.status).code;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ToolchainError("no-tool", `${command[0]}: not found; was it removed since install?`);
  }
}

/** Arguments of a compiler that stop it before it links. */
const NO_LINK = new Set(["-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"]);

/**
 * What a wrapper runs.
 *
 * @throws {ToolchainError} if there is nothing to do, or are no bindings of the target that is asked for
 */
export function wrapperCommand(
  args: readonly string[],
  { tool, machine, prefix, tools }: Sysroot & { tool: WrapperTool },
): string[] {
  if (tool === "objcopy") return [...tools.objcopy, ...args];
  const paths = sysrootPaths(machine);
  const { target, rest } = takeTarget(args);
  if (tool === "ld") {
    const bindings = target === undefined ? [] : linkInputs(target, { prefix, paths });
    return [...tools.ld, ...LINK_FLAGS[machine], "-nostdlib", ...bindings, ...rest];
  }
  if (rest.length === 0) throw new ToolchainError("source", "No input files");
  // A compiler that is asked about itself must not get anything to link.
  if (rest.length === 1 && rest[0] === "-v") return [...tools.cc, ...rest];
  const compile = [
    ...tools.cc,
    ...WRAPPER_FLAGS[machine],
    "-isystem",
    join(prefix, paths.languageHeaders),
    "-I",
    join(prefix, paths.headers),
    // Where the toolchain is installed shall not show in what it makes.
    `-ffile-prefix-map=${prefix}=solo5`,
  ];
  if (rest.flatMap(written).some((word) => NO_LINK.has(word))) return [...compile, ...rest];
  const bindings = linkInputs(target ?? "stub", { prefix, paths });
  return [...compile, ...DRIVER_LINK_FLAGS, ...bindings, ...rest];
}

/** The words that an argument stands for: a response file, `@FILE`, for those that are written in it. */
function written(word: string): string[] {
  if (!word.startsWith("@")) return [word];
  try {
    return Deno.readTextFileSync(word.slice(1)).split(/\s+/);
  } catch {
    // As the compiler has it: what is no file is a word like any other.
    return [word];
  }
}

/** Takes `-z solo5-abi=TARGET` out of the arguments; of several, the last one counts. */
function takeTarget(args: readonly string[]): { target?: string; rest: string[] } {
  const option = "solo5-abi=";
  let target: string | undefined;
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    if (args[at] === "-z" && args[at + 1]?.startsWith(option)) {
      target = args[++at]!.slice(option.length);
    } else rest.push(args[at]!);
  }
  return { target, rest };
}

/** Arguments that both compiler and linker take; the bindings come first, so that archives can complete them. */
function linkInputs(
  target: string,
  { prefix, paths }: { prefix: string; paths: SysrootPaths },
): string[] {
  const known: readonly string[] = BINDINGS_TARGETS;
  if (!known.includes(target)) {
    throw new ToolchainError(
      "link",
      `cannot open linker script file solo5_${target}.lds: there are bindings for ${
        known.join(", ")
      }`,
    );
  }
  return ["-T", join(prefix, paths.script(target)), join(prefix, paths.object(target))];
}

/**
 * The prefix that a program is installed under, as `PREFIX/bin/NAME` or through links to that.
 *
 * @param record what has to be there, relative to the prefix
 */
function installedPrefix(calledAs: string, record: string): string | undefined {
  let path = calledAs.includes("/") ? resolve(calledAs) : onPath(calledAs);
  const seen = new Set<string>();
  while (path !== undefined && !seen.has(path)) {
    const prefix = dirname(dirname(path));
    if (exists(join(prefix, record))) return prefix;
    seen.add(path);
    path = linkTarget(path);
  }
  return undefined;
}

function onPath(name: string): string | undefined {
  return (Deno.env.get("PATH") ?? "").split(":").map((directory) => resolve(directory, name))
    .find(exists);
}

function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), Deno.readLinkSync(path));
  } catch {
    return undefined;
  }
}

const Command = v.pipe(v.array(v.string()), v.minLength(1));
const ToolsSchema = v.object({ cc: Command, ld: Command, objcopy: Command });

function readTools(path: string): Tools {
  try {
    return v.parse(ToolsSchema, JSON.parse(Deno.readTextFileSync(path)));
  } catch {
    throw new ToolchainError("install", `${path}: not as it was installed; install again`);
  }
}
