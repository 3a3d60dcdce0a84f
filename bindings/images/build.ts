/**
 * Builds the images of bindings that a bundle contains.
 *
 * @module
 */
import type { Machine } from "../../abi/elf.ts";
import { ToolchainError } from "../error.ts";
import type { ImageTarget } from "../targets.ts";
import { buildBindingsImage, findToolchain } from "../toolchain.ts";
import { type Runs, toRuns } from "./runs.ts";

/**
 * The bindings of a target as an ELF file, from the cache if they have been built before.
 *
 * @returns nothing where there is no compiler for the machine
 * @throws {ToolchainError} if a tool fails
 */
export async function builtImage(target: ImageTarget, machine: Machine): Promise<Runs> {
  try {
    const toolchain = findToolchain({ machine });
    return toRuns(await Deno.readFile(await buildBindingsImage(target, { toolchain })));
  } catch (error) {
    if (!(error instanceof ToolchainError && error.code === "no-tool")) throw error;
    return toRuns(new Uint8Array());
  }
}
