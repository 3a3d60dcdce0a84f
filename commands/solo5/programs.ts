/**
 * Solo5's programs by their names. The command acts as the program by whose name it is called.
 *
 * @module
 */
import { type Architecture, ARCHITECTURES } from "../../abi/elf.ts";
import type { TenderProgramName } from "./tender.ts";

/** A toolchain wrapper's name: the architecture that it is for, and the tool that it wraps. */
const WRAPPER = /^(\w+)-solo5-none-static-(cc|ld|objcopy)$/;

/**
 * Runs the program of a name.
 *
 * @param name the program's
 * @returns its exit status; undefined if that is set already
 */
export async function runProgram(
  words: readonly string[],
  name: string,
): Promise<number | undefined> {
  if (name === "solo5-elftool") {
    const { elftoolProgram } = await import("./elftool.ts");
    return await elftoolProgram(words);
  }
  if (name === "solo5-virtio-mkimage") {
    const { mkimageProgram } = await import("./virtio_mkimage.ts");
    return await mkimageProgram(words);
  }
  if (name === "solo5-virtio-run") {
    const { virtioRunProgram } = await import("./virtio_run.ts");
    return virtioRunProgram(words);
  }
  const [, architecture, tool] = WRAPPER.exec(name) ?? [];
  if (tool === undefined) {
    const { tenderProgram } = await import("./tender.ts");
    return await tenderProgram(name as TenderProgramName, words);
  }
  const { ToolchainError } = await import("../../bindings/error.ts");
  if (!Object.hasOwn(ARCHITECTURES, architecture!)) {
    const known = Object.keys(ARCHITECTURES).join(" and ");
    throw new ToolchainError(
      "no-tool",
      `there are bindings for ${known}, none for ${architecture}`,
    );
  }
  const { runWrapper } = await import("../../bindings/wrappers.ts");
  return await runWrapper(words, {
    tool: tool as "cc" | "ld" | "objcopy",
    architecture: architecture as Architecture,
    name,
  });
}
