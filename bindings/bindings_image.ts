/**
 * The bindings of a target with their whole file, which linked files get their symbols from.
 *
 * @module
 */
import type { Architecture } from "../abi/elf.ts";
import type { BindingsImage } from "../elftool/bindings_image.ts";
import { bindingsOf } from "./bind_to.ts";
import { withFile } from "./images/rest.ts";
import type { ImageTarget } from "./targets.ts";

/**
 * The image of a target's bindings.
 *
 * @throws {ToolchainError} if they have to be built, and a tool is missing or fails
 */
export async function bindingsImage(
  target: ImageTarget,
  architecture: Architecture,
): Promise<BindingsImage> {
  const bindings = await bindingsOf(target, architecture);
  if ("file" in bindings) return bindings as BindingsImage;
  const { rest } = await import("./images/rest_x86_64.fixed.ts");
  return withFile(bindings, rest[target]!);
}
