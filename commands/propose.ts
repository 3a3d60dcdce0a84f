/**
 * Proposals for the next word of a command line, the same for every shell.
 *
 * @module
 */
import { entriesOf, type Entry, type Option, optionOf, type Routes } from "./table.ts";
import {
  devicesOf,
  directoriesIn,
  filesIn,
  type Proposal,
  tapInterfaces,
} from "./propose_values.ts";
import { PACKED_NAME, RUN_NAME } from "./unikernel_names.ts";

export type { Proposal };

/** A command line with a cursor in it. */
export interface Line {
  /** The words up to the cursor, without the program's name; the last one is to be completed. */
  readonly before: readonly string[];
  /** All words of the line. */
  readonly others: readonly string[];
}

/** Names of the files that an argument can be, by the placeholder of the argument. */
const FILES: Readonly<Record<string, RegExp>> = {
  SOURCE: /\.(c|cc|cpp|cxx|S|s|o|a)$/,
  MANIFEST: /\.json$/,
  UNIKERNEL: RUN_NAME,
};

/** Proposes words to put in place of the last one before the cursor. All of them begin with it. */
export function propose(routes: Routes, line: Line): Proposal[] {
  const { before } = line;
  const current = before.at(-1) ?? "";
  const typed = before.slice(0, -1);
  const entries = entriesOf(routes);
  const entry = entries.find(({ path }) => path.every((word, index) => typed[index] === word));
  const proposals = entry === undefined
    ? proposeCommands(entries, typed)
    : proposeWords(entry, { ...line, before: [...typed.slice(entry.path.length), current] });
  return proposals.filter(({ text }) => text.startsWith(current));
}

/** Proposes the next word of each command that begins with the typed words. */
function proposeCommands(entries: readonly Entry[], typed: readonly string[]): Proposal[] {
  const proposals = new Map<string, string>();
  for (const { path, brief } of entries) {
    const next = path[typed.length];
    if (next === undefined || typed.some((word, index) => path[index] !== word)) continue;
    if (!proposals.has(next)) proposals.set(next, brief);
  }
  if (typed.length === 0) proposals.set("--version", "Print the version and exit");
  proposals.set("--help", "Print help and exit");
  return Array.from(proposals, ([text, brief]) => ({ text, brief }));
}

function proposeWords(entry: Entry, line: Line): Proposal[] {
  const current = line.before.at(-1)!;
  const typed = line.before.slice(0, -1);
  const waiting = optionOf(entry, typed.at(-1));
  const launches = entry.argument?.startsWith("UNIKERNEL") === true;
  if (waiting?.takesValue && !typed.includes("--")) return proposeValues(waiting, { current });
  const isGuests = launches &&
    typed.some((word, index) => isArgument(entry, typed, { word, index }));
  if (isGuests) return filesIn(current);
  if (!current.startsWith("-") || typed.includes("--")) return proposeArguments(entry, current);
  const assigned = /^--([a-z-]+)(?::([^=]*))?(=)?/.exec(current);
  const option = entry.options.find(({ name }) => name === assigned?.[1]);
  if (option !== undefined && current.includes("=")) {
    return proposeValues(option, { current, prefix: current.slice(0, current.indexOf("=") + 1) });
  }
  if (option !== undefined && current.includes(":")) return proposeDevices(option, line);
  return proposeOptions(entry);
}

/** Whether a word is neither an option nor the value of one. */
function isArgument(
  entry: Entry,
  words: readonly string[],
  { word, index }: { word: string; index: number },
): boolean {
  return !word.startsWith("-") && optionOf(entry, words[index - 1])?.takesValue !== true;
}

function proposeOptions({ options }: Entry): Proposal[] {
  const proposals = options.map(({ form, name, brief }) => {
    const mark = /^--[a-z-]+([:=]?)/.exec(form)?.[1] ?? "";
    return { text: `--${name}${mark}`, brief };
  });
  return [...proposals, { text: "--help", brief: "Print help and exit" }];
}

/** Proposes `--net:NAME=` for each fitting device in the manifest of a unikernel. */
function proposeDevices({ name, device: wanted }: Option, { others, before }: Line): Proposal[] {
  const words = [...before.slice(0, -1), ...others].filter((word) => !word.startsWith("-"));
  return devicesOf(words).filter(({ type }) => type === wanted)
    .map((device) => ({ text: `--${name}:${device.name}=`, brief: device.type }));
}

function proposeValues(
  option: Option,
  { current, prefix = "" }: { current: string; prefix?: string },
): Proposal[] {
  return valuesOf(option, current.slice(prefix.length))
    .map((proposal) => ({ ...proposal, text: `${prefix}${proposal.text}` }));
}

function valuesOf({ values, proposed = "file" }: Option, begun: string): Proposal[] {
  if (values.length > 0) return words(values);
  switch (proposed) {
    case "file":
      return filesIn(begun);
    case "directory":
      return directoriesIn(begun);
    case "tap":
      return words(tapInterfaces());
    case "nothing":
      return [];
    default:
      return proposed instanceof RegExp ? filesIn(begun, proposed) : words(proposed);
  }
}

function words(texts: readonly string[]): Proposal[] {
  return texts.map((text) => ({ text, brief: "" }));
}

function proposeArguments({ argument = "", path }: Entry, current: string): Proposal[] {
  if (argument === "SHELL") return words(["bash", "zsh", "fish"]);
  if (argument === "NAME") return [];
  const wanted = path[0] === "pack" ? PACKED_NAME : FILES[argument.split(" ")[0]!];
  return filesIn(current, wanted);
}
