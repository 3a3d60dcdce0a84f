/**
 * Scripts as tools: a script and a runner, added to the image of its language.
 *
 * @module
 */
import { addFiles } from "../../elftool/add_files.ts";
import type { Unikernel } from "../../elftool/unikernel.ts";
import { readInput } from "../../linux/files.ts";
import type { OpenScript } from "../../mcp/image.ts";
import { runnerFor } from "../../mcp/scripts/scripts.ts";
import { findImage } from "./images.ts";
import { warmImage } from "./warm.ts";

const MIB = 0x10_0000;

/**
 * What makes unikernels of scripts: portable ones, which have begun where that can be had.
 *
 * @param images directory of the images of languages; where installations have it if not given
 * @returns a function that throws a `TenderError` "host" if there is no image, and an `ElfError` if the
 * script cannot be read or added
 */
export function scriptOpener(images?: string): OpenScript {
  return async (path, { target, memory }): Promise<Unikernel> => {
    const runner = runnerFor(path)!;
    const image = findImage(path.endsWith(".py") ? "python" : "javascript", images);
    const warm = await warmImage(image, { target, memory: memory * MIB, machine: [] });
    const name = path.slice(path.lastIndexOf("/") + 1);
    const file = { type: "file", mode: 0o644, mtime: 0 } as const;
    const text = new TextEncoder().encode(runner.text);
    return addFiles(warm, [
      { ...file, path: `/app/${runner.name}`, content: text },
      { ...file, path: `/packages/${name}`, content: readInput(path) },
    ], { name: path });
  };
}
