/**
 * What the instructions at a spliced program's entry have in common on every machine: what they depend
 * on, and the texts that lie behind them.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import { assemble } from "../../elftool/elf_writer.ts";
import type { LateRelocations } from "./late_relocations.ts";

/** Stands among the arguments for the name by which the program was called (`argv[0]`). */
export const CALLED_NAME: unique symbol = Symbol("called name");

/**
 * Texts that stay in the program's pages. The argument that stands for them is their distances from the
 * program's entry, in bytes, with commas between; each ends with a NUL.
 */
export interface Resident {
  readonly resident: readonly string[];
}

/** What to put before the user's own arguments and environment. */
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
  /** What the program cannot start without. It ends with status 1 and a line where it lacks one. */
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

/** What the instructions depend on: addresses, all relative to the same unknown base. */
export interface EntryTarget {
  /** Where they lie. */
  readonly at: number;
  /** Where the program begins. */
  readonly entry: number;
  /** Where the address of the C library's `environ` stands, in a program that has a loader. */
  readonly environ: number | undefined;
  /** What they have to relocate first. */
  readonly late: LateRelocations | undefined;
}

/** Four bytes of the code that take the distance to a text, or to other bytes. */
export interface Reference {
  /** Where in the code they are. */
  readonly at: number;
  /** Where in the code the distance is counted from. */
  readonly from: number;
  readonly to: string | Resident | Uint8Array;
}

/** Instructions, with gaps for what they refer to. */
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

/** Names as the instructions look them up: each with its `=` and a NUL, and an empty one at the end. */
export function nameTable(names: readonly string[]): string {
  return names.map((name) => `${name}=\0`).join("");
}

/** The code with its texts behind it and the references to them filled in. */
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
