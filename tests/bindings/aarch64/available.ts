/**
 * What the tests of aarch64 need and a machine may lack.
 *
 * @module
 */
import { ToolchainError } from "../../../bindings/error.ts";
import { findToolchain, type Toolchain, type ToolchainChoice } from "../../../bindings/tools.ts";
import { testUnless } from "../../needs.ts";
import { noUnicorn } from "./unicorn.ts";

type Test = (toolchain: Toolchain) => void | Promise<void>;

/** The toolchain for aarch64, or why there is none. */
export function crossToolchain(choice: ToolchainChoice = {}): Toolchain | string {
  try {
    return findToolchain({ ...choice, architecture: "aarch64" });
  } catch (error) {
    if (error instanceof ToolchainError) return error.message;
    throw error;
  }
}

const found = crossToolchain();

/** Why nothing can be built for aarch64 here; undefined if it can. */
export const noCross: string | undefined = typeof found === "string" ? found : undefined;

/** Why what is built for aarch64 cannot be run here; undefined if it can. */
export const noEmulation: string | undefined = noCross ?? noUnicorn;

/** A test with the toolchain for aarch64. */
export function crossTest(name: string, test: Test): void {
  testUnless(noCross, name, () => test(found as Toolchain));
}

/** A test with the toolchain for aarch64 that runs what it makes. */
export function emulatedTest(name: string, test: Test): void {
  testUnless(noEmulation, name, () => test(found as Toolchain));
}
