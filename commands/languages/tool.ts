/**
 * Scripts as tools: a script and a runner, added to the image of its language.
 *
 * @module
 */
import { addFiles } from "../../elftool/add_files.ts";
import type { RootFile } from "../../elftool/root_image.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { readInput } from "../../linux/files.ts";
import type { OpenLanguage } from "../../mcp/built_in.ts";
import type { OpenScript } from "../../mcp/image.ts";
import { runnerFor } from "../../mcp/scripts/scripts.ts";
import { findImage, readImage } from "./images.ts";
import { type Start, warmImage, warmTool } from "./warm.ts";

const MIB = 0x10_0000;

/**
 * What makes unikernels of scripts: portable ones, which have begun where that can be had, up to where each
 * call would begin to run the script.
 *
 * @param images directory of the images of languages; where installations have it if not given
 * @returns a function that throws a `TenderError` "host" if there is no image, and an `ElfError` if the
 * script cannot be read or added
 */
export function scriptOpener(images?: string): OpenScript {
  return async (path, { target, memory, warm }) => {
    const runner = runnerFor(path)!;
    const image = findImage(path.endsWith(".py") ? "python" : "javascript", images);
    const script = readInput(path);
    const file = { type: "file", mode: 0o644, mtime: 0 } as const;
    const files: RootFile[] = [
      { ...file, path: runner.path, content: new TextEncoder().encode(runner.text) },
      { ...file, path: runner.script, content: script },
    ];
    if (!warm) {
      const cold = parseUnikernel(await readImage(image), { name: image.language });
      return { unikernel: cold, files };
    }
    const start: Start = { target, memory: memory * MIB, machine: [] };
    const begun = addFiles(await warmImage(image, start), files, { name: path });
    const from = [image.sha256, runner.text, runner.script, script];
    return { unikernel: await warmTool(begun, { ...start, args: runner.words, from }), files };
  };
}

/**
 * What makes unikernels of languages: portable ones, which have begun where that can be had.
 *
 * @param images as of {@linkcode scriptOpener}
 * @returns a function that throws a `TenderError` "host" if there is no image
 */
export function languageOpener(images?: string): OpenLanguage {
  return async (language, { memory }) => {
    const image = findImage(language, images);
    const start: Start = { target: "spt", memory: memory * MIB, machine: [] };
    return { unikernel: await warmImage(image, start), sha256: image.sha256 };
  };
}
