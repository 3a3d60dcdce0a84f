/**
 * The leaves of CPUID that guests see, as masks. The bundle contains these numbers instead of the table that
 * they are made from.
 *
 * @module
 */
import { type LeafMasks, leafMasks } from "./cpu_leaves.ts";

/** In order. */
export const LEAVES: readonly LeafMasks[] = leafMasks();
