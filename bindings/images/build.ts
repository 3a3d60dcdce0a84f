/**
 * Builds the bindings of a target as an image, to be put under portable unikernels.
 *
 * @module
 */
import type { Machine } from "../../abi/elf.ts";
import {
  type Bindings,
  type BindingsImage,
  readBindingsImage,
} from "../../elftool/bindings_image.ts";
import { ToolchainError } from "../error.ts";
import type { ImageTarget } from "../targets.ts";
import { buildBindingsImage, findToolchain } from "../toolchain.ts";
import { restOf, type RestOfFile } from "./rest.ts";

/**
 * The bindings of a target, from the cache if they have been built before.
 *
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildImage(target: ImageTarget, machine: Machine): Promise<BindingsImage> {
  const toolchain = findToolchain({ machine });
  const file = await Deno.readFile(await buildBindingsImage(target, { toolchain }));
  return readBindingsImage(file, { name: `bindings of ${target}` });
}

/**
 * The bindings of a target as a bundle contains them, without their file.
 *
 * @returns nothing where there is no compiler for the machine
 * @throws {ToolchainError} if a tool fails
 */
export async function builtBindings(
  target: ImageTarget,
  machine: Machine,
): Promise<Bindings | undefined> {
  const image = await buildIfPossible(target, machine);
  if (image === undefined) return undefined;
  const { file: _, ...bindings } = image;
  return bindings;
}

/** As {@linkcode builtBindings}: the rest of their file. */
export async function builtRest(
  target: ImageTarget,
  machine: Machine,
): Promise<RestOfFile | undefined> {
  const image = await buildIfPossible(target, machine);
  return image && restOf(image);
}

async function buildIfPossible(
  target: ImageTarget,
  machine: Machine,
): Promise<BindingsImage | undefined> {
  try {
    return await buildImage(target, machine);
  } catch (error) {
    if (!(error instanceof ToolchainError && error.code === "no-tool")) throw error;
    return undefined;
  }
}
