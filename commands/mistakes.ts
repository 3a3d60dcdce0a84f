/**
 * What a person is told of a command line that is none: one line, with the way out.
 *
 * @module
 */
import {
  AliasNotFoundError,
  ArgumentParseError,
  EnumValidationError,
  FlagNotFoundError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import type { Entry } from "./table.ts";

/** Letters that a word has before it can be taken for another with a slip in it. */
const LEAST_TO_GUESS = 3;

/**
 * Tells what is wrong with the words after a command.
 *
 * @param error what the scanner threw
 * @param entry the command
 */
export function mistakeText(error: unknown, entry: Entry | undefined): string {
  const help = ["soloden", ...entry?.path ?? [], "--help"].join(" ");
  if (error instanceof FlagNotFoundError) {
    const corrections = error.corrections.map((name) => `--${name}`);
    return `no option --${error.input}${wayOut(error.input, { corrections, help })}`;
  }
  if (error instanceof AliasNotFoundError && entry?.path[0] === "build") {
    return `no option -${error.input}; flags for the compiler stand behind --`;
  }
  return `${complaint(error, entry)}; see ${help}`;
}

function complaint(error: unknown, entry: Entry | undefined): string {
  if (error instanceof AliasNotFoundError) return `no option -${error.input}`;
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
  if (error instanceof UnexpectedPositionalError) return `'${error.input}' is one word too many`;
  return (error as Error).message;
}

/** How an option is written, as short as it can be. */
function formOf(name: string, entry: Entry | undefined): string {
  const { form = `--${name}`, short } = entry?.options.find((option) => option.name === name) ?? {};
  return short === undefined ? form : form.replace(`--${name}`, `-${short}`);
}

/**
 * Tells that there is no such command.
 *
 * @param corrections commands that look like it, in backticks
 */
export function unknownCommandText(word: string, corrections: readonly string[]): string {
  const what = word.startsWith("-") ? "option" : "command";
  const fitting = commandFor(word);
  const meant = fitting === undefined ? corrections : [`\`${fitting} ${word}\``];
  return `no ${what} '${word}'${wayOut(word, { corrections: meant, help: "soloden --help" })}`;
}

/** The command that a file is for, by its name. */
function commandFor(file: string): string | undefined {
  if (/\.(hvt|spt)$/.test(file)) return "run";
  return /\.(c|cc|cpp|cxx|S|s)$/.test(file) ? "build" : undefined;
}

function wayOut(
  word: string,
  { corrections, help }: { corrections: readonly string[]; help: string },
): string {
  return word.length < LEAST_TO_GUESS || corrections.length === 0
    ? `; see ${help}`
    : `, did you mean ${corrections.join(" or ")}?`;
}
