/**
 * The wrappers that the executable runs itself: `soloden cc`, `ld` and `objcopy` run this machine's tools
 * with the words that make unikernels, and pass everything else through. The words are those of
 * wrapper_rules.ts.
 *
 * @module
 */
import type { Architecture } from "../abi/elf.ts";
import { childEnvironment } from "../linux/user_environment.ts";
import { ToolchainError } from "./error.ts";
import { cachedSysroot } from "./sysroot.ts";
import { findToolchain } from "./tools.ts";
import {
  NO_INPUT,
  NO_TOOL,
  noBindings,
  PREFIX,
  TARGET_OPTION,
  wrapperHelp,
  type WrapperRules,
  wrapperRules,
  type WrapperTool,
} from "./wrapper_rules.ts";

/**
 * Runs a wrapper with this process's standard streams, and with headers and bindings from the cache.
 *
 * @param options `tool`: the tool that it runs; `architecture`: the one that it builds for; `name`: what it
 * calls itself
 * @returns the tool's exit status
 * @throws {ToolchainError} if the tool is missing, or there are no bindings of the target asked for
 */
export async function runWrapper(
  args: readonly string[],
  { tool, architecture, name }: { tool: WrapperTool; architecture?: Architecture; name: string },
): Promise<number> {
  const toolchain = findToolchain({ architecture });
  const rules = wrapperRules(tool, toolchain);
  const prefix = await cachedSysroot(toolchain);
  const command = wrapperCommand(args, { rules, prefix });
  if (command === undefined) {
    console.log(`${name}: ${NO_INPUT}`);
    return 1;
  }
  if (args.length === 1 && args[0] === "--help") {
    const help = wrapperHelp(name, rules).replaceAll(PREFIX, prefix);
    Deno.stdout.writeSync(new TextEncoder().encode(help));
  }
  if (Deno.env.get("__V")) console.error(`+ exec ${command.join(" ")}`);
  try {
    const options = { args: command.slice(1), ...childEnvironment() };
    return (await new Deno.Command(command[0]!, options).spawn().status).code;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ToolchainError("no-tool", `${command[0]}: ${NO_TOOL}`);
  }
}

/**
 * The command that a wrapper runs.
 *
 * @param options `prefix`: where the headers and bindings are
 * @returns undefined for a compiler that is given no words
 * @throws {ToolchainError} if there are no bindings of the target that is asked for
 */
export function wrapperCommand(
  args: readonly string[],
  { rules, prefix }: { rules: WrapperRules; prefix: string },
): string[] | undefined {
  const { tool, always, noLink } = rules;
  if (rules.bindings.size === 0) return [...tool, ...always, ...args];
  if (noLink.length > 0) {
    if (args.length === 0) return undefined;
    // A compiler that is asked about itself must not get anything to link.
    if (args.length === 1 && args[0] === "-v") return [...tool, "-v"];
  }
  const { target, rest, plain } = takeTarget(args);
  const stops = plain.flatMap(written).some((word) => noLink.includes(word));
  const more = stops ? [] : linkWords(rules, target);
  return [...[...tool, ...always, ...more].map((word) => word.replaceAll(PREFIX, prefix)), ...rest];
}

/** The words that an argument stands for: for a response file, `@FILE`, those that are written in it. */
function written(word: string): string[] {
  if (!word.startsWith("@")) return [word];
  try {
    const path = word.slice(1);
    return Deno.statSync(path).isFile ? Deno.readTextFileSync(path).split(/[ \t-\r]+/) : [word];
  } catch {
    // To the compiler, too, it is a word like any other if there is no such file.
    return [word];
  }
}

/**
 * Takes `-z solo5-abi=TARGET` out of the arguments; of several, the last one counts.
 *
 * @returns `rest`: the others; `plain`: those of them that are no value of a `-z`
 */
function takeTarget(
  args: readonly string[],
): { target?: string; rest: string[]; plain: string[] } {
  let target: string | undefined;
  const rest: string[] = [];
  const plain: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    const value = word === "-z" ? args[++at] : undefined;
    if (value === undefined) {
      rest.push(word);
      plain.push(word);
    } else if (value.startsWith(TARGET_OPTION)) target = value.slice(TARGET_OPTION.length);
    else rest.push(word, value);
  }
  return { target, rest, plain };
}

/** The words that link the bindings of a target, if there is one. */
function linkWords(
  rules: WrapperRules,
  target: string = rules.target,
): readonly string[] {
  const { link, bindings } = rules;
  if (target === "") return link;
  const words = bindings.get(target);
  if (words === undefined) {
    const [before, after] = noBindings(rules);
    throw new ToolchainError("link", `${before}${target}${after}`);
  }
  return [...link, ...words];
}
