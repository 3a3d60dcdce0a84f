/**
 * What devices of every kind have in common, as plain values: before they are opened, and as the guest
 * sees them. What is particular to a kind stands in its folder.
 *
 * @module
 */
import type { DeviceType } from "../../abi/manifest.ts";

/** Something that a guest can be given under a name of its manifest. */
export interface DeviceBase {
  /** Tells it from devices of other kinds. */
  readonly type: DeviceType;
}

/** A device bound to the manifest entry that asked for it. */
export interface BoundDevice<D extends DeviceBase = DeviceBase> {
  /** Index of the manifest entry, 1 or more: what the guest calls it by. */
  readonly handle: number;
  /** The name that the manifest has for it. */
  readonly name: string;
  /** What is behind it. */
  readonly device: D;
}

/** What a guest learns of a device from its manifest. */
export interface PropertiesBase {
  readonly type: DeviceType;
}
