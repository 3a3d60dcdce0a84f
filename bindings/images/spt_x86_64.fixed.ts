/**
 * The bindings of spt for x86_64, to be put under portable unikernels.
 *
 * @module
 */
import type { Bindings } from "../../elftool/bindings_image.ts";
import { builtBindings } from "./build.ts";

/** Undefined where they cannot be built. */
export const bindings: Bindings | undefined = await builtBindings("spt", "x86_64");
