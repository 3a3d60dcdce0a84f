/**
 * What people write on the command line for a guest, as values.
 *
 * @module
 */
import { DEFAULT_MEMORY_MIB } from "../abi/solo5.ts";
import { TenderError } from "./error.ts";

const MIB = 0x10_0000;

/** The options of `run` and `pack`, as written. */
export interface GuestFlags {
  /** Memory in MiB. */
  readonly mem?: string;
}

/**
 * Reads a size of memory.
 *
 * @param written a whole number of MiB, or nothing for the default
 * @returns the size in bytes
 * @throws {TenderError}
 */
export function parseMemory(written: string | undefined): number {
  if (written === undefined) return DEFAULT_MEMORY_MIB * MIB;
  if (!/^[0-9]{1,9}$/.test(written) || Number(written) === 0) {
    throw new TenderError("memory", `--mem=${written}: expected a whole number of MiB, 1 or more`);
  }
  return Number(written) * MIB;
}
