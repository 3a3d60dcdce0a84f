/**
 * The bindings of spt for aarch64, to be put under portable unikernels.
 *
 * @module
 */
import { builtImage } from "./build.ts";

/** An ELF file; empty where it cannot be built. */
export const bytes: Uint8Array<ArrayBuffer> = await builtImage("spt", "aarch64");
