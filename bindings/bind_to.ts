/**
 * Puts the bindings of a target under a portable unikernel. A bundle contains those for x86_64; all others
 * are built when they are first needed.
 *
 * @module
 */
import type { Machine } from "../abi/elf.ts";
import { type BindingsImage, readBindingsImage } from "../elftool/bindings_image.ts";
import { join } from "../elftool/join.ts";
import type { Unikernel } from "../elftool/unikernel.ts";
import { fromRuns, type Runs } from "./images/runs.ts";
import type { ImageTarget } from "./targets.ts";

/** Those that a bundle contains. */
const IMAGES: Readonly<
  Partial<Record<Machine, Partial<Record<ImageTarget, () => Promise<{ image: Runs }>>>>>
> = {
  x86_64: {
    hvt: () => import("./images/hvt_x86_64.fixed.ts"),
    spt: () => import("./images/spt_x86_64.fixed.ts"),
    virtio: () => import("./images/virtio_x86_64.fixed.ts"),
  },
};

/**
 * The bindings of a target, to be put under portable unikernels.
 *
 * @throws {ToolchainError} if they have to be built, and a tool is missing or fails
 */
export async function bindingsImage(target: ImageTarget, machine: Machine): Promise<BindingsImage> {
  const image = (await IMAGES[machine]?.[target]?.())?.image;
  const file = image?.size ? fromRuns(image) : await build(target, machine);
  return readBindingsImage(file, { name: `bindings of ${target}` });
}

/** Builds what a bundle does not contain. */
async function build(target: ImageTarget, machine: Machine): Promise<Uint8Array<ArrayBuffer>> {
  const { buildBindingsImage, findToolchain } = await import("./toolchain.ts");
  const toolchain = findToolchain({ machine });
  return await Deno.readFile(await buildBindingsImage(target, { toolchain }));
}

/**
 * Makes a unikernel of a target from a portable one. It takes the time of a few copies: nothing is linked.
 *
 * @throws {ElfError} "portable" if the unikernel is not portable, or is for another version of the window
 * @throws {ToolchainError} as {@linkcode bindingsImage} does
 */
export async function bindTo(unikernel: Unikernel, target: ImageTarget): Promise<Unikernel> {
  return join(unikernel, await bindingsImage(target, unikernel.machine));
}
