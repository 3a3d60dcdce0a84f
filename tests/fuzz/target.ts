/**
 * What is fuzzed: a function that takes any bytes and must neither break nor break its promises.
 *
 * @module
 */
import { join } from "node:path";

/** Something that takes what an attacker writes. */
export interface FuzzTarget {
  readonly name: string;
  /** Modules that read what is fuzzed, by their paths in the checkout: what coverage is told of. */
  readonly covers: readonly string[];
  /** Inputs to begin with, beside those that are stored. */
  seeds(): Uint8Array[];
  /** Throws if a promise is broken. */
  run(input: Uint8Array): void;
}

const CORPUS = join(import.meta.dirname!, "corpus");

/** Names of errors that are answers: they say in one line what is wrong with the input. */
const ANSWERS = new Set(["ElfError", "TenderError"]);

/** Runs `action`, which may refuse its input in the way that is promised. */
export function refusing(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Error) || !ANSWERS.has(error.name)) throw error;
    if (error.message === "") throw error;
  }
}

/** The stored inputs of a target, by file name: what was found once is tried for ever. */
export function stored({ name }: FuzzTarget): Map<string, Uint8Array> {
  const directory = join(CORPUS, name);
  const files = [...Deno.readDirSync(directory)].map((file) => file.name).sort();
  return new Map(files.map((file) => [file, Deno.readFileSync(join(directory, file))]));
}
