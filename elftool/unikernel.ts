/**
 * From the bytes of a unikernel to a value that cannot be wrong: every loading rule of
 * spec/solo5-abi.md, section 1, is checked here and nowhere else.
 *
 * @module
 */
import type { Manifest } from "../abi/manifest.ts";
import type { Target } from "../abi/notes.ts";

/** A machine that unikernels are built for. */
export type Machine = "x86_64" | "aarch64";

/** A loadable segment with content (`PT_LOAD`, `p_filesz` > 0). Addresses are guest-physical = guest-virtual. */
export interface Segment {
  /** Where its content begins (`p_vaddr`). */
  readonly address: number;
  /** Its content: a view into the file, `p_filesz` bytes. */
  readonly data: Uint8Array;
  /** Start of the range that its protection applies to: `address` aligned down to `p_align`. */
  readonly start: number;
  /** End of that range: `address + p_memsz` aligned up to `p_align`; a multiple of the page size. */
  readonly end: number;
  readonly read: boolean;
  /** Never together with `execute`. */
  readonly write: boolean;
  readonly execute: boolean;
}

/** A unikernel that satisfies every rule which does not depend on the size of guest memory. */
export interface Unikernel {
  /** The file's name, for messages. */
  readonly name: string;
  readonly machine: Machine;
  /** Entry point. */
  readonly entry: number;
  /** Ascending by address, not overlapping, not below 0x100000. */
  readonly segments: readonly Segment[];
  /** The highest segment's end. */
  readonly kernelEnd: number;
  readonly abi: { readonly target: Target; readonly version: number };
  readonly manifest: Manifest;
}
