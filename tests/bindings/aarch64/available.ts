/**
 * What the tests of aarch64 need and a machine may not have: where it is missing they are skipped,
 * and say so.
 *
 * @module
 */
import { ToolchainError } from "../../../bindings/error.ts";
import { findToolchain, type Toolchain, type ToolchainChoice } from "../../../bindings/tools.ts";
import { noUnicorn } from "./unicorn.ts";

type Test = (toolchain: Toolchain) => void | Promise<void>;

/** The toolchain for aarch64, or why there is none. */
export function crossToolchain(choice: ToolchainChoice = {}): Toolchain | string {
  try {
    return findToolchain({ ...choice, machine: "aarch64" });
  } catch (error) {
    if (error instanceof ToolchainError) return error.message;
    throw error;
  }
}

const found = crossToolchain();

/** A test with the toolchain for aarch64. */
export function crossTest(name: string, test: Test): void {
  testWith(name, typeof found === "string" ? found : undefined, test);
}

/** A test with the toolchain for aarch64 that runs what it makes. */
export function emulatedTest(name: string, test: Test): void {
  testWith(name, typeof found === "string" ? found : noUnicorn, test);
}

function testWith(name: string, missing: string | undefined, test: Test): void {
  if (missing !== undefined) console.log(`skipped: ${name}: ${missing}`);
  Deno.test({ name, ignore: missing !== undefined, fn: () => test(found as Toolchain) });
}
