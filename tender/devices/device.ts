/**
 * What devices of every kind have in common, as plain values: before they are opened, and as the guest
 * sees them. Each kind's folder has the rest.
 *
 * @module
 */
import type { DeviceType } from "../../abi/manifest.ts";

/** A device that a guest can be given for a name in its manifest. */
export interface DeviceBase {
  /** Tells it from devices of other kinds. */
  readonly type: DeviceType;
}

/** A device bound to the manifest entry that asked for it. */
export interface BoundDevice<D extends DeviceBase = DeviceBase> {
  /** The number by which the guest names it: the index of its manifest entry, 1 or more. */
  readonly handle: number;
  /** Its name in the manifest. */
  readonly name: string;
  /** The device itself. */
  readonly device: D;
}

/** What a guest learns of a device from its manifest. */
export interface PropertiesBase {
  /** The type of the device. */
  readonly type: DeviceType;
}
