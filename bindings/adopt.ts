/**
 * Makes portable unikernels of static Linux programs. A bundle contains the personality that answers their
 * system calls; elsewhere it is built when it is first needed.
 *
 * @module
 */
import { type AdoptOptions, adoptProgram } from "../elftool/adopt.ts";
import type { PersonalityImage } from "../elftool/personality_image.ts";

export type { AdoptOptions };

/**
 * Makes a portable unikernel of a program.
 *
 * @param bytes a static ELF program for x86_64, position-independent or not
 * @returns the unikernel's file, for `parseUnikernel`
 * @throws {ElfError} "program" if it cannot be one, and what would work; "root" if the root file system
 * cannot be; others if the file is damaged
 * @throws {ToolchainError} if the personality has to be built, and a tool is missing or fails
 */
export async function adopt(
  bytes: Uint8Array,
  options: AdoptOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { personality } = await import("./images/personality.fixed.ts");
  return adoptProgram(bytes, personality ?? await buildPersonality(), options);
}

async function buildPersonality(): Promise<PersonalityImage> {
  return await (await import("./images/build.ts")).buildPersonalityImage();
}
