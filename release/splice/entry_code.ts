/**
 * What the instructions at a spliced program's entry share on all architectures: their parameters, and the
 * texts that follow them.
 *
 * @module
 */
import { assemble, type Part, sizeOf } from "../../linux/assembler.ts";
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

/**
 * What the instructions do before they jump to the program's own entry. They are assembled with the label
 * of that, `entry`, and with those of the address 0 that the program is linked for, `base`, and of the 8
 * bytes that hold the address of the C library's `environ`, `environ`.
 */
export interface EntryTask {
  readonly prefix: Prefix;
  /** The relocations that they make first, if any. */
  readonly late: LateRelocations | undefined;
  /** Whether the C library has to be told where the environment begins now: where it has a loader. */
  readonly environ: boolean;
  /** Takes what they refer to. */
  readonly texts: Texts;
}

/** What instructions refer to: a string, which gets a NUL at its end, or bytes as they are. */
export type Content = string | Resident | Uint8Array;

/** What follows the instructions in memory. */
export class Texts {
  readonly #contents: Content[] = [];

  /** Adds a content; returns its label. */
  add(content: Content): string {
    return textLabel(this.#contents.push(content));
  }

  /**
   * Assembles instructions, with the contents behind them.
   *
   * @param outside labels that are neither
   */
  assemble(
    instructions: readonly Part[],
    outside: Readonly<Record<string, number>>,
  ): Uint8Array<ArrayBuffer> {
    const parts = [...instructions];
    let end = parts.reduce<number>((size, part) => size + sizeOf(part), 0);
    const append = (content: string | Uint8Array): number => {
      const at = end;
      const data = typeof content === "string" ? new TextEncoder().encode(`${content}\0`) : content;
      parts.push(data);
      end += data.length;
      return at;
    };
    const places = { ...outside };
    this.#contents.forEach((content, index) => {
      const resident = typeof content === "object" && "resident" in content;
      const own = resident ? content.resident.map(append).join() : content;
      places[textLabel(index + 1)] = append(own);
    });
    return assemble(parts, places).bytes;
  }
}

function textLabel(number: number): string {
  return `text ${number}`;
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
