/**
 * Sizes in bytes, as numbers or as texts with a unit.
 *
 * @module
 */
import { TenderError } from "./error.ts";

/**
 * A size: a whole number of bytes, or a text like `"64 MiB"` with one of the units KiB, MiB and GiB,
 * which are powers of 1024.
 */
export type Size = number | string;

const UNITS: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/**
 * Reads a size.
 *
 * @param option the option whose value it is, for the message
 * @returns the size in bytes
 * @throws {TenderError} "option" if it is invalid
 */
export function bytesOf(size: Size, option: string): number {
  const bytes = typeof size === "string" ? parsed(size) : size;
  if (typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  const given = typeof size === "string" ? `"${size}"` : size;
  throw new TenderError(
    "option",
    `${option}: expected a whole number of bytes, or a size like "64 MiB" (KiB, MiB, GiB), not ${given}`,
  );
}

/** Reads a text; NaN if it is no size. */
function parsed(text: string): number {
  const [, number, unit = ""] = /^([0-9]+) ?([KMG]iB)$/.exec(text) ?? [];
  return Number(number) * (UNITS[unit] ?? NaN);
}
