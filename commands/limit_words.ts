/**
 * Reads the options that limit a guest. Only a run with one of them loads this module.
 *
 * @module
 */
import { TenderError } from "../tender/error.ts";
import type { Limits } from "../tender/limits.ts";

/** Reads an option's value; `word` is the whole option. */
type Reader = (value: string, word: string) => Limits;

/** What reads each option, by its name. */
const READERS: Readonly<Record<string, Reader>> = {
  timeout: (value, word) => ({ timeout: 1000 * readSeconds(value, word) }),
  "cpu-time": (value, word) => ({ cpuTime: 1000 * Math.ceil(readSeconds(value, word)) }),
  "console-rate": (value, word) => ({ consoleRate: readRate(value, word) }),
};

/**
 * Reads the options that limit a guest. The last one counts where one is given twice.
 *
 * @param words as `Asked.limits` has them
 * @throws {TenderError} "option" if a value is not a number, or too small
 */
export function readLimits(words: readonly string[]): Limits {
  return Object.assign({}, ...words.map(readLimit));
}

function readLimit(word: string): Limits {
  const [, name, value = ""] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word)!;
  return READERS[name!]!(value, word);
}

function readSeconds(value: string, word: string): number {
  const number = /^\d{1,9}(\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (number > 0) return number;
  throw new TenderError("option", `${word}: expected a number of seconds, 0.001 or more`);
}

function readRate(value: string, word: string): number {
  if (/^\d{1,12}$/.test(value)) return Number(value);
  throw new TenderError("option", `${word}: expected a number of bytes a second`);
}
