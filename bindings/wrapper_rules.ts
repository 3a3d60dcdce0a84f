/**
 * What the wrappers `cc`, `ld` and `objcopy` add to a command line, as data. Two things are made of
 * it: what the executable does itself (`soloden cc`, wrappers.ts), and the scripts that `install`
 * writes (wrapper_script.ts).
 *
 * @module
 */
import { basename } from "node:path";
import type { Architecture } from "../abi/elf.ts";
import { LIBC_HEADERS, sysrootPaths } from "./sysroot.ts";
import {
  type BindingsTarget,
  bindingsTargets,
  DRIVER_LINK_FLAGS,
  LINK_FLAGS,
  WRAPPER_FLAGS,
} from "./targets.ts";
import type { Toolchain } from "./tools.ts";

/** A tool that has a wrapper. */
export type WrapperTool = "cc" | "ld" | "objcopy";

/** The tools that have wrappers. */
export const WRAPPER_TOOLS: readonly WrapperTool[] = ["cc", "ld", "objcopy"];

/** Stands for the sysroot's prefix in the words of {@linkcode WrapperRules}; no argument can hold it. */
export const PREFIX = "\0";

/** The words that a wrapper puts before those that it is given. */
export interface WrapperRules {
  /** The tool to run: its name or path, and arguments that always come first. */
  readonly tool: readonly string[];
  /** Words that the tool always gets. */
  readonly always: readonly string[];
  /** Words that it also gets where it links. */
  readonly link: readonly string[];
  /** Words that it also gets to link the bindings of a target; none for a tool that links nothing. */
  readonly bindings: ReadonlyMap<string, readonly string[]>;
  /** The target whose bindings are linked where no `-z solo5-abi=TARGET` names one; empty for none. */
  readonly target: BindingsTarget | "";
  /** Arguments that stop the tool before it links; a tool that has none always links. */
  readonly noLink: readonly string[];
}

/** The option of `-z` that names a target, up to the name. */
export const TARGET_OPTION = "solo5-abi=";

/** What the compiler's wrapper says, with status 1, where it is given no words at all. */
export const NO_INPUT = "No input files. Compilation terminated.";

/** The error for a target that there are no bindings for, before and after the target; it begins as the linker's own would. */
export function noBindings({ bindings }: WrapperRules): readonly [before: string, after: string] {
  const known = Array.from(bindings.keys()).join(", ");
  return ["cannot open linker script file solo5_", `.lds: there are bindings for ${known}`];
}

/** What follows the name of a tool that cannot be found. */
export const NO_TOOL = "not found; was it removed since install?";

/** Arguments of a compiler that stop it before it links. */
const NO_LINK = ["-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"];

/** The rules of each wrapper. */
export function wrapperRules(tool: WrapperTool, toolchain: Toolchain): WrapperRules {
  const { architecture, version, ld, objcopy } = toolchain;
  const cc = version.includes("clang") ? [...toolchain.cc, NOT_ALL_USED] : toolchain.cc;
  const none = {
    always: [],
    link: [],
    bindings: new Map<string, string[]>(),
    target: "" as const,
    noLink: [],
  };
  switch (tool) {
    case "cc":
      return {
        tool: cc,
        always: [...WRAPPER_FLAGS[architecture], ...headerWords(architecture)],
        link: [...DRIVER_LINK_FLAGS, ...libraryWords(architecture)],
        bindings: bindingsWords(architecture),
        target: "stub",
        noLink: NO_LINK,
      };
    case "ld":
      return {
        ...none,
        tool: ld,
        always: [...LINK_FLAGS[architecture], "-nostdlib", ...libraryWords(architecture)],
        bindings: bindingsWords(architecture),
      };
    case "objcopy":
      return { ...none, tool: objcopy };
  }
}

/** Without it, clang warns of each of the wrapper's words that it does not need. */
const NOT_ALL_USED = "-Wno-unused-command-line-argument";

function headerWords(architecture: Architecture): string[] {
  const { headers, languageHeaders } = sysrootPaths(architecture);
  return [
    "-isystem",
    `${PREFIX}/${languageHeaders}`,
    "-I",
    `${PREFIX}/${headers}`,
    // Behind all others: a program that brings its own string.h gets its own.
    "-idirafter",
    `${PREFIX}/${languageHeaders}/${LIBC_HEADERS}`,
    // The path of the toolchain must not show in what it makes.
    `-ffile-prefix-map=${PREFIX}/include=solo5/include`,
  ];
}

/** Where `-l` looks first: it finds the bindings there, and libraries that others have installed beside them. */
function libraryWords(architecture: Architecture): string[] {
  return ["-L", `${PREFIX}/${sysrootPaths(architecture).libraries}`];
}

/**
 * Words that both compiler and linker take; the bindings come first, so that archives can complete them.
 * A compiler that is only asked about itself warns of an object that it does not link, not of `-l`.
 */
function bindingsWords(architecture: Architecture): Map<string, string[]> {
  const { script, object } = sysrootPaths(architecture);
  return new Map(
    bindingsTargets(architecture).map((target) => [
      target,
      ["-T", `${PREFIX}/${script(target)}`, `-l:${basename(object(target))}`],
    ]),
  );
}

/** What `--help` prints about a wrapper, before its tool's own help. */
export function wrapperHelp(name: string, rules: WrapperRules): string {
  const { tool, always, link, bindings, target, noLink } = rules;
  const lines = [
    `${name} runs ${tool.join(" ")}` +
    (always.length > 0 ? " with these words before yours:" : " with your words alone."),
  ];
  if (always.length > 0) lines.push(`  ${always.join(" ")}`);
  if (link.length > 0) {
    lines.push(`and, unless yours are among ${noLink.join(" ")}:`, `  ${link.join(" ")}`);
  }
  if (bindings.size > 0) {
    lines.push(
      `-z ${TARGET_OPTION}TARGET links the bindings of a target (${
        target === "" ? "none" : target
      } unless given):`,
      ...Array.from(bindings, ([name, words]) => `  ${name}: ${words.join(" ")}`),
    );
  }
  lines.push("With __V=1 in the environment it prints the command that it runs.");
  return [...lines, `What follows is the help of ${tool[0]}.`, "", ""].join("\n");
}
