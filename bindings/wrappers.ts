/**
 * The toolchain under Solo5's names: `TRIPLE-cc`, `-ld` and `-objcopy` run this machine's tools with
 * what makes a unikernel of their work, and pass everything else through.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import * as v from "npm:valibot@^1.5.0";
import { exists } from "./cache.ts";
import { ToolchainError } from "./error.ts";
import { BINDINGS_TARGETS, cachedSysroot, SYSROOT, type Tools } from "./sysroot.ts";
import { DRIVER_LINK_FLAGS, LINK_FLAGS, WRAPPER_FLAGS } from "./targets.ts";

/** What a wrapper stands for. */
export type WrapperTool = keyof Tools;

/** Where a wrapper's headers and bindings are, and what it runs. */
export interface Sysroot {
  readonly prefix: string;
  readonly tools: Tools;
}

/**
 * Runs a wrapper as this process does: with its standard streams.
 *
 * @param options `tool`: what it stands for; `calledAs`: what it was called by, which says where it
 * is installed; without, or where it is not installed, it takes what the cache has
 * @returns the tool's exit status
 * @throws {ToolchainError} if there is nothing to run, or nothing to link with
 */
export async function runWrapper(
  args: readonly string[],
  options: { tool: WrapperTool; calledAs?: string },
): Promise<number> {
  const { tool, calledAs } = options;
  const prefix = (calledAs && installedPrefix(calledAs)) ?? await cachedSysroot();
  const command = wrapperCommand(args, { tool, prefix, tools: readTools(prefix) });
  if (Deno.env.has("__V")) console.error(`+ exec ${command.join(" ")}`);
  try {
    const child = new Deno.Command(command[0]!, { args: command.slice(1) }).spawn();
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
  { tool, prefix, tools }: Sysroot & { tool: WrapperTool },
): string[] {
  if (tool === "objcopy") return [...tools.objcopy, ...args];
  const { target, rest } = takeTarget(args);
  if (tool === "ld") {
    const bindings = target === undefined ? [] : linkInputs(prefix, target);
    return [...tools.ld, ...LINK_FLAGS, "-nostdlib", ...bindings, ...rest];
  }
  if (rest.length === 0) throw new ToolchainError("source", "No input files");
  // A compiler that is asked about itself must not get anything to link.
  if (rest.length === 1 && rest[0] === "-v") return [...tools.cc, ...rest];
  const compile = [
    ...tools.cc,
    ...WRAPPER_FLAGS,
    "-isystem",
    join(prefix, SYSROOT.languageHeaders),
    "-I",
    join(prefix, SYSROOT.headers),
    // Where the toolchain is installed shall not show in what it makes.
    `-ffile-prefix-map=${prefix}=solo5`,
  ];
  if (rest.some((word) => NO_LINK.has(word))) return [...compile, ...rest];
  const bindings = linkInputs(prefix, target ?? "stub");
  return [...compile, ...DRIVER_LINK_FLAGS, ...bindings, ...rest];
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
function linkInputs(prefix: string, target: string): string[] {
  const known: readonly string[] = BINDINGS_TARGETS;
  if (!known.includes(target)) {
    throw new ToolchainError(
      "link",
      `cannot open linker script file solo5_${target}.lds: there are bindings for ${
        known.join(", ")
      }`,
    );
  }
  return ["-T", join(prefix, SYSROOT.script(target)), join(prefix, SYSROOT.object(target))];
}

/** The prefix that a program is installed under, as `PREFIX/bin/NAME` or through links to that. */
function installedPrefix(calledAs: string): string | undefined {
  let path = calledAs.includes("/") ? resolve(calledAs) : onPath(calledAs);
  const seen = new Set<string>();
  while (path !== undefined && !seen.has(path)) {
    const prefix = dirname(dirname(path));
    if (exists(join(prefix, SYSROOT.tools))) return prefix;
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

function readTools(prefix: string): Tools {
  const path = join(prefix, SYSROOT.tools);
  try {
    return v.parse(ToolsSchema, JSON.parse(Deno.readTextFileSync(path)));
  } catch {
    throw new ToolchainError("install", `${path}: not as it was installed; install again`);
  }
}
