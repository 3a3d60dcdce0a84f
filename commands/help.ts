/**
 * What `--help` prints, made of the table of sub-commands.
 *
 * @module
 */
import { screenWidth, twoColumns, wrap } from "./columns.ts";
import {
  type CommandOrGroup,
  entriesOf,
  type Entry,
  entryOf,
  isRoutes,
  type Option,
} from "./table.ts";

const COMMON: readonly Line[] = [["-h, --help", "Print this and exit"]];
const ROOT: readonly Line[] = [...COMMON, ["-v, --version", "Print the version and exit"]];

/** The left and the right column. */
type Line = readonly [left: string, right: string];

/**
 * The help of a command, or of a group of commands.
 *
 * @param path the words that call it, without the program's name
 * @param width of a line, in characters; the terminal's if not given
 */
export function helpText(
  target: CommandOrGroup,
  path: readonly string[],
  width: number = screenWidth(),
): string {
  const lines = isRoutes(target)
    ? helpOfAll(entriesOf(target, path), { brief: target.brief, path, width })
    : helpOfOne(entryOf(target, path), width);
  return `${lines.join("\n")}\n`;
}

function helpOfAll(
  entries: readonly Entry[],
  { brief, path, width }: { brief: string; path: readonly string[]; width: number },
): string[] {
  const commands = entries.map(({ path, brief }) => [path.join(" "), brief] as const);
  const more = `More about a command: soloden ${[...path, "COMMAND"].join(" ")} --help`;
  return [
    ...usage([[...path, "COMMAND ..."].join(" ")], width),
    ...paragraph(brief, width),
    ...section("COMMANDS", commands, width),
    ...section("OPTIONS", path.length === 0 ? ROOT : COMMON, width),
    ...(path.length === 0 ? ["To begin: soloden new hello"] : []),
    ...wrap(more, width),
  ];
}

function helpOfOne(entry: Entry, width: number): string[] {
  const { usage: lines, brief, options, argument, argumentBrief = "" } = entry;
  const sections = [
    ...section("OPTIONS", [...options.map(describe), ...COMMON], width),
    ...(argument === undefined ? [] : section("ARGUMENTS", [[argument, argumentBrief]], width)),
  ];
  // The last line is an empty one.
  return [...usage(lines, width), ...paragraph(brief, width), ...sections].slice(0, -1);
}

/** Lines of usage, which are not broken within brackets. */
function usage(lines: readonly string[], width: number): string[] {
  const wrapped = lines.flatMap((line) => {
    const words = `soloden ${line}`.match(/(?:\[[^\]]*\]|\S)+/g) ?? [];
    return wrap(words, width - HANGING.length)
      .map((part, index) => `${index === 0 ? "  " : HANGING}${part}`);
  });
  return ["USAGE", ...wrapped, ""];
}

/** Indentation of the second and later lines of a usage. */
const HANGING = " ".repeat(6);

function paragraph(text: string, width: number): string[] {
  return [...wrap(text, width), ""];
}

function describe({ form, short, brief }: Option): Line {
  return [short === undefined ? `    ${form}` : `-${short}, ${form}`, brief];
}

function section(title: string, lines: readonly Line[], width: number): string[] {
  return [title, ...twoColumns(lines, width), ""];
}
