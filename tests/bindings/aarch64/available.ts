/**
 * What the tests of aarch64 need that a machine may not have.
 *
 * @module
 */
import { ToolchainError } from "../../../bindings/error.ts";
import { findToolchain, type Toolchain } from "../../../bindings/tools.ts";

/** The toolchain for aarch64, or why there is none. */
export const toolchain: Toolchain | string = find();

function find(): Toolchain | string {
  try {
    return findToolchain({ machine: "aarch64" });
  } catch (error) {
    if (error instanceof ToolchainError) return error.message;
    throw error;
  }
}

/** A test with the toolchain for aarch64; where there is none it is skipped, and says why. */
export function crossTest(name: string, run: (toolchain: Toolchain) => void | Promise<void>): void {
  if (typeof toolchain === "string") console.log(`skipped: ${name}: ${toolchain}`);
  Deno.test({
    name,
    ignore: typeof toolchain === "string",
    fn: () => run(toolchain as Toolchain),
  });
}
