/**
 * What is fuzzed: a function that takes any bytes, and must neither crash nor break a promise.
 *
 * @module
 */
import { join } from "node:path";

/** Something that reads what an attacker wrote. */
export interface FuzzTarget {
  readonly name: string;
  /** Modules that read the input, by their paths in the checkout. Their coverage is printed. */
  readonly covers: readonly string[];
  /** Inputs to begin with, besides the stored ones. */
  seeds(): Uint8Array[];
  /** Throws if a promise is broken. */
  run(input: Uint8Array): void;
}

const CORPUS = join(import.meta.dirname!, "corpus");

/** Names of errors that are answers: they say in one line what is wrong with the input. */
const ANSWERS = new Set(["ElfError", "TenderError", "McpError"]);

/** Runs `action`, which may refuse its input in the way that is promised. */
export function refusing(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Error) || !ANSWERS.has(error.name)) throw error;
    if (error.message === "") throw error;
  }
}

/** The stored inputs of a target, by file name. What was found once is tried in every run. */
export function stored({ name }: FuzzTarget): Map<string, Uint8Array> {
  const directory = join(CORPUS, name);
  const files = [...Deno.readDirSync(directory)].map((file) => file.name).sort();
  return new Map(files.map((file) => [file, Deno.readFileSync(join(directory, file))]));
}
