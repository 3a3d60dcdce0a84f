/**
 * What `--help` prints, made of the table of sub-commands.
 *
 * @module
 */
import { entriesOf, type Entry, entryOf, isRoutes, type Option, type Target } from "./table.ts";

const COMMON: readonly Line[] = [["-h, --help", "Print this and exit"]];
const ROOT: readonly Line[] = [...COMMON, ["-v, --version", "Print the version and exit"]];

/** What stands on the left, and what is said of it. */
type Line = readonly [left: string, right: string];

/**
 * The help of a command, or of what has commands in it.
 *
 * @param path the words that lead there, after the program's name
 */
export function helpText(target: Target, path: readonly string[]): string {
  return isRoutes(target)
    ? helpOfAll(entriesOf(target, path), { brief: target.brief, path })
    : helpOfOne(entryOf(target, path));
}

function helpOfAll(
  entries: readonly Entry[],
  { brief, path }: { brief: string; path: readonly string[] },
): string {
  return [
    ...usage([[...path, "COMMAND …"].join(" ")]),
    `${brief}\n\n`,
    ...section("COMMANDS", entries.map(({ path, brief }) => [path.join(" "), brief])),
    ...section("OPTIONS", path.length === 0 ? ROOT : COMMON),
    ...(path.length === 0 ? ["To begin: soloden new hello\n"] : []),
    `More of a command: soloden ${[...path, "COMMAND"].join(" ")} --help\n`,
  ].join("");
}

function helpOfOne({ usage: lines, brief, options, argument, argumentBrief }: Entry): string {
  const sections = [
    ...section("OPTIONS", [...options.map(describe), ...COMMON]),
    ...(argument === undefined ? [] : section("ARGUMENTS", [[argument, argumentBrief ?? ""]])),
  ];
  return [...usage(lines), `${brief}\n\n`, ...sections].join("").trimEnd() + "\n";
}

function usage(lines: readonly string[]): string[] {
  return ["USAGE\n", ...lines.map((line) => `  soloden ${line}\n`), "\n"];
}

function describe({ form, short, brief }: Option): Line {
  return [short === undefined ? `    ${form}` : `-${short}, ${form}`, brief];
}

function section(title: string, lines: readonly Line[]): string[] {
  const width = Math.max(...lines.map(([left]) => left.length));
  return [
    `${title}\n`,
    ...lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`),
    "\n",
  ];
}
