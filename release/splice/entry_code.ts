/**
 * What the instructions at a spliced program's entry share on all machines: their parameters, and the
 * strings that follow them.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import { assemble } from "../../elftool/elf_writer.ts";
import type { LateRelocations } from "./late_relocations.ts";

/** An argument that is replaced with the name by which the program was called (`argv[0]`). */
export const CALLED_NAME: unique symbol = Symbol("called name");

/**
 * Texts that stay in the program's pages. The argument that stands for them is their distances from the
 * program's entry, in bytes, with commas between; each ends with a NUL.
 */
export interface Resident {
  readonly resident: readonly string[];
}

/** Arguments and variables to put before those of the user. */
export interface Prefix {
  /** Arguments, after `argv[0]`. */
  readonly args: readonly (string | Resident | typeof CALLED_NAME)[];
  /** Variables, `NAME=VALUE`; they come first, so that they win over the user's. */
  readonly environment?: readonly string[];
  /**
   * Names of the user's variables that the program is given; the others become empty strings. Default:
   * all.
   */
  readonly allowed?: readonly string[];
  /** The limits that the program needs. If one is too low, it prints a line and ends with status 1. */
  readonly limits?: readonly Limit[];
}

/** A soft limit (`getrlimit`) that a program needs. */
export interface Limit {
  /** Number of the resource, as Linux has it. */
  readonly resource: number;
  /** The lowest limit that is enough, in the resource's own unit. */
  readonly least: bigint;
  /** The line for standard error where the limit is lower, without its end. */
  readonly message: string;
}

/** The addresses that the instructions use, all relative to the same unknown base. */
export interface EntryTarget {
  /** The address of the instructions. */
  readonly at: number;
  /** The program's own entry. */
  readonly entry: number;
  /** Where the address of the C library's `environ` stands, in a program that has a loader. */
  readonly environ: number | undefined;
  /** The relocations that they make first. */
  readonly late: LateRelocations | undefined;
}

/** A reference: four bytes of the code that hold the distance to a string or to other bytes. */
export interface Reference {
  /** Offset of the four bytes in the code. */
  readonly at: number;
  /** Offset in the code from which the distance is counted. */
  readonly from: number;
  readonly to: string | Resident | Uint8Array;
}

/** Instructions, and the references to fill in. */
export interface EntryCode {
  readonly code: readonly number[];
  readonly references: readonly Reference[];
}

/**
 * What stands in the environment: the prefix's variables, and one more where that is what keeps the stack
 * aligned, since an even number of words has to be added to it.
 */
export function addedVariables({ args, environment = [] }: Prefix): readonly string[] {
  const odd = (args.length + environment.length) % 2 === 1;
  return odd ? ["", ...environment] : environment;
}

/** Names in the form that the instructions search: each with `=` and NUL, and an empty one at the end. */
export function nameTable(names: readonly string[]): string {
  return names.map((name) => `${name}=\0`).join("");
}

/** The code, followed by its strings, with the references filled in. */
export function withTexts({ code, references }: EntryCode): Uint8Array {
  const bytes = Uint8Array.from(code);
  const chunks = [{ offset: 0, data: bytes }];
  let end = bytes.length;
  const append = (content: string | Uint8Array): number => {
    const offset = end;
    const data = typeof content === "string" ? new TextEncoder().encode(`${content}\0`) : content;
    chunks.push({ offset, data: new Uint8Array(data) });
    end += data.length;
    return offset;
  };
  for (const { at, from, to } of references) {
    const content = typeof to === "object" && "resident" in to
      ? to.resident.map(append).join()
      : to;
    viewOf(bytes).setInt32(at, append(content) - from, true);
  }
  return assemble(end, chunks);
}
