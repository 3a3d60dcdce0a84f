/**
 * Sources of the bindings in programs of this host, where they can be given what no tender gives.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { execute } from "../soloden.ts";

const BINDINGS = join(import.meta.dirname!, "../../bindings");

const FLAGS = [
  "-std=gnu11",
  `-I${BINDINGS}`,
  `-I${join(BINDINGS, "include")}`,
  // Undefined behaviour traps, which needs no library of the compiler's.
  "-fsanitize=undefined",
  "-fsanitize-undefined-trap-on-error",
];

/**
 * Compiles a program.
 *
 * @param directory where to put it
 * @param source path of its source, which includes sources of the bindings by their names in that room
 * @returns its path
 */
export async function hostProgram(directory: string, source: string): Promise<string> {
  const program = join(directory, "program");
  const { status, stderr } = await execute("cc", [...FLAGS, "-o", program, source]);
  assert.equal(status, 0, stderr);
  return program;
}
