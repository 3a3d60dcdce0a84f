/**
 * The personality, which answers the system calls of adopted programs.
 *
 * @module
 */
import type { PersonalityImage } from "../../elftool/personality_image.ts";
import { builtPersonality } from "./build.ts";

/** Undefined where it cannot be built. */
export const personality: PersonalityImage | undefined = await builtPersonality();
