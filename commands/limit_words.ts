/**
 * Reads the options that limit a guest. Only a run with one of them loads this module.
 *
 * @module
 */
import { TenderError } from "../tender/error.ts";
import type { Limits } from "../tender/limits.ts";

/**
 * Reads the options that limit a guest.
 *
 * @param words as `GuestRequest.limits` has them
 * @throws {TenderError} "option" if a value is not a number, or too small
 */
export function readLimits(words: readonly string[]): Limits {
  const limits: { -readonly [name in keyof Limits]: Limits[name] } = {};
  for (const word of words) {
    const [, name, value = ""] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word)!;
    if (name === "timeout") limits.timeout = 1000 * readSeconds(word, value);
    else if (name === "cpu-time") limits.cpuTime = 1000 * Math.ceil(readSeconds(word, value));
    else limits.consoleRate = readRate(word, value);
  }
  return limits;
}

function readSeconds(word: string, value: string): number {
  const number = /^\d{1,9}(\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (number > 0) return number;
  throw new TenderError("option", `${word}: expected a number of seconds, 0.001 or more`);
}

function readRate(word: string, value: string): number {
  if (/^\d{1,12}$/.test(value)) return Number(value);
  throw new TenderError("option", `${word}: expected a number of bytes a second`);
}
