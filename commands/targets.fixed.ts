/**
 * What the command line says of targets, as data. It is found while the command is bundled, so that help
 * loads no target.
 *
 * @module
 */
import { type BuildTarget, EXTENSIONS, type ImageTarget } from "../bindings/targets.ts";
import { TENDERS } from "../tender/targets.ts";

/** What unikernels are built for. */
export const BUILT: readonly BuildTarget[] = Object.keys(EXTENSIONS) as BuildTarget[];

/** What portable unikernels can be made unikernels of. */
export const LINKED: readonly ImageTarget[] = BUILT.filter((target) => target !== "any");

/** What unikernels can be run on. */
export const RUNNABLE: readonly string[] = Object.keys(TENDERS);

/** What the names of unikernels end in that run here. */
export const RUN: readonly string[] = [
  ...Object.values(TENDERS).map(({ id }) => id),
  "any" as const,
]
  .map((target) => EXTENSIONS[target]);

/** What the names of unikernels end in that can be packed. */
export const PACKED: readonly string[] = [
  ...Object.values(TENDERS).filter(({ pack }) => pack !== undefined).map(({ id }) => id),
  "any" as const,
].map((target) => EXTENSIONS[target]);
