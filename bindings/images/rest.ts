/**
 * What the file of bindings has beside the content of its segments, kept apart from them: linked files get
 * their symbols from there, and what only runs does without.
 *
 * @module
 */
import { SEGMENT_TYPES } from "../../abi/elf.ts";
import type { Bindings, BindingsImage } from "../../elftool/bindings_image.ts";
import { readElf, readPrograms } from "../../elftool/elf_reader.ts";
import { fromRuns, type Runs, toRuns } from "./runs.ts";

/** A file without the content of its segments. */
export interface RestOfFile extends Runs {
  /** Where in the file each segment's content belongs, in their order. */
  readonly offsets: readonly number[];
}

/** The rest of the bindings' file. */
export function restOf(image: BindingsImage): RestOfFile {
  const rest = image.file.slice();
  const loaded = readPrograms(readElf(image.file, image))
    .filter(({ type, filesz }) => type === SEGMENT_TYPES.LOAD && filesz > 0);
  for (const { offset, filesz } of loaded) rest.fill(0, offset, offset + filesz);
  return { ...toRuns(rest), offsets: loaded.map(({ offset }) => offset) };
}

/** The bindings with their whole file again. */
export function withFile(bindings: Bindings, rest: RestOfFile): BindingsImage {
  const file = fromRuns(rest);
  bindings.segments.forEach(({ data }, index) => file.set(data, rest.offsets[index]));
  return { ...bindings, file };
}
