/**
 * Builds images: the bindings of a target, to be put under portable unikernels; the personality, to be
 * put above adopted programs; and the recorder, to be put above guests of spt.
 *
 * @module
 */
import type { Architecture } from "../../abi/elf.ts";
import {
  type Bindings,
  type BindingsImage,
  readBindingsImage,
} from "../../elftool/bindings_image.ts";
import { type PersonalityImage, readPersonality } from "../../elftool/personality_image.ts";
import { readRecorder, type RecorderImage } from "../../elftool/recorder_image.ts";
import { ToolchainError } from "../error.ts";
import type { ImageTarget } from "../targets.ts";
import {
  buildBindingsImage,
  buildPersonality,
  buildRecorder,
  findToolchain,
} from "../toolchain.ts";
import { restOf, type RestOfFile } from "./rest.ts";

/**
 * The bindings of a target, from the cache if they have been built before.
 *
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildImage(
  target: ImageTarget,
  architecture: Architecture,
): Promise<BindingsImage> {
  const toolchain = findToolchain({ architecture });
  const file = await Deno.readFile(await buildBindingsImage(target, { toolchain }));
  return readBindingsImage(file, { name: `bindings of ${target}` });
}

/**
 * The bindings of a target as a bundle contains them, without their file.
 *
 * @returns nothing where there is no compiler for the architecture
 * @throws {ToolchainError} if a tool fails
 */
export async function builtBindings(
  target: ImageTarget,
  architecture: Architecture,
): Promise<Bindings | undefined> {
  const image = await ifPossible(() => buildImage(target, architecture));
  if (image === undefined) return undefined;
  const { file: _, ...bindings } = image;
  return bindings;
}

/** As {@linkcode builtBindings}: the rest of their file. */
export async function builtRest(
  target: ImageTarget,
  architecture: Architecture,
): Promise<RestOfFile | undefined> {
  const image = await ifPossible(() => buildImage(target, architecture));
  return image && restOf(image);
}

/**
 * The personality, from the cache if it has been built before.
 *
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildPersonalityImage(): Promise<PersonalityImage> {
  return readPersonality(await Deno.readFile(await buildPersonality()));
}

/**
 * The personality as a bundle contains it.
 *
 * @returns nothing where there is no compiler for x86_64
 * @throws {ToolchainError} if a tool fails
 */
export function builtPersonality(): Promise<PersonalityImage | undefined> {
  return ifPossible(buildPersonalityImage);
}

/**
 * The recorder, from the cache if it has been built before.
 *
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildRecorderImage(): Promise<RecorderImage> {
  return readRecorder(await Deno.readFile(await buildRecorder()));
}

/**
 * The recorder as a bundle contains it.
 *
 * @returns nothing where there is no compiler for x86_64
 * @throws {ToolchainError} if a tool fails
 */
export function builtRecorder(): Promise<RecorderImage | undefined> {
  return ifPossible(buildRecorderImage);
}

async function ifPossible<Image>(build: () => Promise<Image>): Promise<Image | undefined> {
  try {
    return await build();
  } catch (error) {
    if (!(error instanceof ToolchainError && error.code === "no-tool")) throw error;
    return undefined;
  }
}
