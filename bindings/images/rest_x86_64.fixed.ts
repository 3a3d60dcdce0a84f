/**
 * What the files of bindings for x86_64 have beside the content of their segments.
 *
 * @module
 */
import type { ImageTarget } from "../targets.ts";
import { builtRest } from "./build.ts";
import type { RestOfFile } from "./rest.ts";

/** Undefined where they cannot be built. */
export const rest: Readonly<Record<ImageTarget, RestOfFile | undefined>> = {
  hvt: await builtRest("hvt", "x86_64"),
  spt: await builtRest("spt", "x86_64"),
  virtio: await builtRest("virtio", "x86_64"),
};
