/**
 * The bindings of spt for x86_64, to be put under portable unikernels.
 *
 * @module
 */
import { builtImage } from "./build.ts";

/** An ELF file; empty where it cannot be built. */
export const bytes: Uint8Array<ArrayBuffer> = await builtImage("spt", "x86_64");
