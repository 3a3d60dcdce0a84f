/**
 * Puts the bindings of a target under a portable unikernel. A bundle contains those for x86_64; all others
 * are built when they are first needed.
 *
 * @module
 */
import type { Architecture } from "../abi/elf.ts";
import type { Bindings } from "../elftool/bindings_image.ts";
import { join } from "../elftool/join.ts";
import type { Unikernel } from "../elftool/unikernel.ts";
import type { ImageTarget } from "./targets.ts";

/** Those that a bundle contains. */
const BINDINGS: Readonly<
  Partial<Record<Architecture, Record<ImageTarget, () => Promise<{ bindings?: Bindings }>>>>
> = {
  x86_64: {
    hvt: () => import("./images/hvt_x86_64.fixed.ts"),
    spt: () => import("./images/spt_x86_64.fixed.ts"),
    virtio: () => import("./images/virtio_x86_64.fixed.ts"),
  },
};

/**
 * The bindings of a target, as far as a unikernel needs them to run.
 *
 * @throws {ToolchainError} if they have to be built, and a tool is missing or fails
 */
export async function bindingsOf(
  target: ImageTarget,
  architecture: Architecture,
): Promise<Bindings> {
  return (await BINDINGS[architecture]?.[target]())?.bindings ??
    await (await import("./images/build.ts")).buildImage(target, architecture);
}

/**
 * Makes a unikernel of a target from a portable one. It takes the time of a few copies: nothing is linked.
 *
 * @throws {ElfError} "portable" if the unikernel is not portable, or is for another version of the window
 * @throws {ToolchainError} as {@linkcode bindingsOf} does
 */
export async function bindTo(unikernel: Unikernel, target: ImageTarget): Promise<Unikernel> {
  return join(unikernel, await bindingsOf(target, unikernel.architecture));
}
