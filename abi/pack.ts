/**
 * The note by which a packed spt unikernel, an ordinary Linux executable, says what it holds. It is
 * this project's own: JSON text under the owner name `soloden`.
 *
 * @module
 */
import type { DeviceDeclaration } from "./manifest.ts";

/** Owner name of the note, without its NUL. */
export const PACK_NOTE_NAME = "soloden";
/** Type of the note: "PACK" in memory order. */
export const PACK_NOTE_TYPE = 0x4b434150;

/** What the note says. */
export interface PackNote {
  /** File name of the unikernel that was packed. */
  readonly unikernel: string;
  /** What it was built for. */
  readonly abi: { readonly target: "spt"; readonly version: number };
  /** Entry point of the unikernel, which the launch program jumps to. */
  readonly entry: number;
  /** Guest memory in bytes. */
  readonly memory: number;
  /** The command line that the guest gets. */
  readonly commandLine: string;
  /** The devices, and where the image takes each from when it is started. */
  readonly devices: readonly PackedDevice[];
  /** Whether the guest may execute its heap and stack; not if not given. */
  readonly executableHeap?: boolean;
  /** The version of soloden that packed it. It is not verified. */
  readonly packedBy?: string;
}

/** A device of a packed unikernel. */
export interface PackedDevice extends DeviceDeclaration {
  /** For people: `file PATH`, `tap INTERFACE` or `descriptor NUMBER`. */
  readonly source: string;
  /** Whether the guest may write to its file. */
  readonly access?: "rw" | "ro";
}
