/**
 * The bindings of virtio for x86_64, to be put under portable unikernels.
 *
 * @module
 */
import { builtImage } from "./build.ts";
import type { Runs } from "./runs.ts";

/** An ELF file; empty where it cannot be built. */
export const image: Runs = await builtImage("virtio", "x86_64");
