/**
 * Mistakes in a command line: one line about each, with what to do about it.
 *
 * @module
 */
import {
  ArgumentParseError,
  EnumValidationError,
  FlagNotFoundError,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import { type Entry, optionOf } from "./table.ts";
import { RUN_NAME } from "./unikernel_names.ts";

/** Shortest word, in letters, for which a similar one is suggested. */
const LEAST_TO_GUESS = 3;

/**
 * Chooses the mistake to report: one about a word that was given comes before one about a word that is
 * missing.
 *
 * @param errors what the scanner threw, at least one
 */
export function firstMistake(errors: readonly unknown[]): unknown {
  return errors.find((error) => !(error instanceof UnsatisfiedPositionalError)) ?? errors[0];
}

/**
 * Describes a mistake in the words after a command.
 *
 * @param error what the scanner threw
 * @param options `entry`: the command; `after`: its last option, with its value, where arguments
 * have to follow the options
 */
export function mistakeText(
  error: unknown,
  { entry, after }: { entry?: Entry; after?: string },
): string {
  const help = helpOf(entry);
  if (error instanceof FlagNotFoundError) {
    const corrections = error.corrections.map((name) => `--${name}`);
    return `no option --${error.input}${suggestion(error.input, { corrections, help })}`;
  }
  // The word that was meant as the argument may have become the value of the option.
  const place = error instanceof UnsatisfiedPositionalError && after ? ` after ${after}` : "";
  return `${complaint(error, entry)}${place}; see ${help}`;
}

/**
 * Finds the first word that looks like an option and is not one. The scanner takes some of those for
 * arguments.
 *
 * @param words those after the command
 * @returns what is wrong with it; undefined if there is no such word
 */
export function strayOptionText(words: readonly string[], entry: Entry): string | undefined {
  const end = words.indexOf("--");
  const options = end < 0 ? words : words.slice(0, end);
  const valued = options.map((word) => refusedValueText(word, entry)).find((text) => text);
  if (valued !== undefined) return `${valued}; see ${helpOf(entry)}`;
  const stray = options.find((word, index) =>
    isStray(word, entry) && optionOf(entry, options[index - 1])?.takesValue !== true
  );
  if (stray === undefined) return undefined;
  const see = `see ${helpOf(entry)}`;
  const valueless = stray.endsWith("=") ? optionOf(entry, stray.slice(0, -1)) : undefined;
  if (valueless !== undefined) return `expected ${formOf(valueless.name, entry)}; ${see}`;
  const [, letter, value] = /^-([a-z])=?([^=].*)$/is.exec(stray) ?? [];
  if (optionOf(entry, `-${letter}`)?.takesValue) {
    return `no option ${stray}, did you mean -${letter} ${value}?`;
  }
  const name = stray.replace(/=.*$/s, "");
  return `no option ${name}; ${entry.path[0] === "build" ? COMPILER_FLAGS : see}`;
}

/** Values that the scanner accepts for an option that takes none: `--json=yes`. */
const YES = /^(true|t|yes|y|on|1)$/i;

/** Refuses any other value, such as `--json=no`: whoever does not want the option leaves it out. */
function refusedValueText(word: string, entry: Entry): string | undefined {
  const [, name, value] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
  const option = optionOf(entry, name);
  if (option === undefined || option.takesValue || option.form.includes("=")) return undefined;
  if (YES.test(value!)) return undefined;
  return `${name} takes no value: '${value}'`;
}

const COMPILER_FLAGS = "flags for the compiler go after --";

/** What the scanner reads as a long option; it reports those that do not exist. */
const LONG = /^--[a-z][a-z-.\d_]+(=.+)?$/is;

function isStray(word: string, entry: Entry): boolean {
  if (!word.startsWith("-") || word === "-" || LONG.test(word)) return false;
  const letters = /^-([a-z]+)$/i.exec(word)?.[1] ?? /^-([a-z])=.+$/is.exec(word)?.[1];
  if (letters === undefined) return true;
  return [...letters].some((letter) => letter !== "h" && !optionOf(entry, `-${letter}`));
}

function helpOf(entry: Entry | undefined): string {
  return ["soloden", ...entry?.path ?? [], "--help"].join(" ");
}

function complaint(error: unknown, entry: Entry | undefined): string {
  if (error instanceof ArgumentParseError) return (error.exception as Error).message;
  if (error instanceof EnumValidationError) {
    const { externalFlagName, input, values } = error;
    return `--${externalFlagName}: '${input}' is not one of ${values.join(", ")}`;
  }
  if (error instanceof UnsatisfiedFlagError) {
    return `expected ${formOf(error.externalFlagName, entry)}`;
  }
  if (error instanceof UnsatisfiedPositionalError) {
    return `expected ${error.placeholder.replace(/ \[.*/, "")}`;
  }
  if (error instanceof UnexpectedFlagError) {
    const { externalFlagName, previousInput, input } = error;
    return `--${externalFlagName}: given twice, as '${previousInput}' and as '${input}'`;
  }
  if (error instanceof UnexpectedPositionalError) return `'${error.input}' is one word too many`;
  return (error as Error).message;
}

/** The shortest form of an option. */
function formOf(name: string, entry: Entry | undefined): string {
  const { form = `--${name}`, short } = entry?.options.find((option) => option.name === name) ?? {};
  return short === undefined ? form : form.replace(`--${name}`, `-${short}`);
}

/**
 * Describes a command that does not exist, or an option before any command.
 *
 * @param corrections similar commands, in backticks
 */
export function unknownCommandText(word: string, corrections: readonly string[]): string {
  const help = "soloden --help";
  if (word.startsWith("-")) {
    const meant = ["--help", "--version"].filter((option) => option.startsWith(word.slice(0, 3)));
    return `no option ${word}${suggestion(word, { corrections: meant, help })}`;
  }
  const fitting = commandFor(word);
  const meant = fitting === undefined ? corrections : [`\`${fitting} ${word}\``];
  return `no command '${word}'${suggestion(word, { corrections: meant, help })}`;
}

/** The command that takes a file of such a name. */
function commandFor(file: string): string | undefined {
  if (RUN_NAME.test(file)) return "run";
  return /\.(c|cc|cpp|cxx|S|s)$/.test(file) ? "build" : undefined;
}

function suggestion(
  word: string,
  { corrections, help }: { corrections: readonly string[]; help: string },
): string {
  return word.length < LEAST_TO_GUESS || corrections.length === 0
    ? `; see ${help}`
    : `, did you mean ${corrections.join(" or ")}?`;
}
