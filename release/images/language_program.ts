/**
 * A language's program, and what belongs to it.
 *
 * @module
 */
import type { Content } from "../../elftool/adopted.ts";
import type { RootFile } from "../../elftool/root_image.ts";

/** A language's program, before it becomes a unikernel. */
export interface LanguageProgram {
  /** The static program. */
  readonly program: Uint8Array;
  /** Its root file system. */
  readonly root: readonly RootFile[];
  /** What it is, with its version: `CPython 3.11.2`. */
  readonly language: string;
  /** What it contains, and by which licences. */
  readonly contains: readonly Content[];
  /** Files that lie beside the image: notices, and what the licences ask for. */
  readonly beside: readonly { readonly name: string; readonly path: string }[];
}
