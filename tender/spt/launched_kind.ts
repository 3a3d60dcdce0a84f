/**
 * The interface of a kind of device for the spt tender: a guest's process opens its devices itself,
 * whether it is run or was packed. Each kind's folder implements it, in `launched.ts`.
 *
 * @module
 */
import type { ManifestEntry } from "../../abi/manifest.ts";
import type { PackedDevice } from "../../abi/pack.ts";
import type { BoundDevice, DeviceBase, PropertiesBase } from "../devices/device.ts";
import type { Rule } from "./filter.ts";
import type { Step } from "./steps.ts";

/** A device of an image, a plain value: where its descriptor comes from, and what the guest sees of it. */
export interface ImageDevice extends Pick<BoundDevice, "handle" | "name">, DeviceSource {}

/** Where the descriptor of a device comes from when the image is started. Each kind extends this. */
export interface DeviceSource {
  readonly properties: PropertiesBase;
  /** The descriptor that the image's process has from its parent, and that keeps its number; if any. */
  readonly inherited?: number;
}

/** How to look at the host. */
export interface Looking {
  /** Whether the image is kept in a file, which cannot name descriptors that this process opened. */
  readonly keep: boolean;
  /** Takes everything that has to stay open until the image is started. */
  readonly opened: DisposableStack;
  /** Takes everything that has to stay until the guest ends. */
  readonly lent: DisposableStack;
}

/** A kind of device in images; its devices are of type `D`, and what is known of them of type `S`. */
export interface LaunchedKind<
  D extends DeviceBase = DeviceBase,
  S extends DeviceSource = DeviceSource,
> {
  /** Whether a yield of the guest waits for it. */
  readonly waits: boolean;
  /**
   * Looks at a device, before the guest is compiled.
   *
   * @throws {TenderError} "device" if it is missing or unusable
   */
  look(device: D, looking: Looking): S;
  /** The steps that open a device as `fd`, and check that it is still as it was. */
  open(device: S & Pick<BoundDevice, "name">, fd: number): Step[];
  /** The system calls by which the guest uses `fd`. */
  rules(fd: number, source: S): Rule[];
  /** How the note of an image describes it. */
  describe(source: S): Pick<PackedDevice, "source" | "access">;
  /** The options by which Solo5's tender would attach it. */
  options(name: string, device: D): string[];
  /**
   * Reads a device back from a packed file. None of this is trusted.
   *
   * @param packed what the note says
   * @param found `entry`: what the guest's manifest says; `options`: the words of the shown command
   * line from this device's on
   * @throws {TenderError} "device" if there can be no such device
   */
  read(packed: PackedDevice, found: {
    readonly entry: ReturnType<typeof ManifestEntry.read>;
    readonly options: readonly string[];
  }): { device: D; source: S };
}

/** Splits what a note says of a device's source into a word and the rest. */
export function splitSource(source: string): [word: string, rest: string] {
  const at = source.indexOf(" ");
  return [source.slice(0, at), source.slice(at + 1)];
}
