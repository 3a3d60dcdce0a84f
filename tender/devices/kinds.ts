/**
 * The table of device kinds.
 *
 * @module
 */
import type { DeviceType } from "../../abi/manifest.ts";
import type { BlockDevice, BlockProperties } from "./block/device.ts";
import { blockKind } from "./block/kind.ts";
import type { DeviceBase } from "./device.ts";
import type { DeviceKind } from "./kind.ts";
import type { NetDevice, NetProperties } from "./net/backing.ts";
import { netKind } from "./net/kind.ts";

/** A device that a guest can be given for a name in its manifest. */
export type Device = BlockDevice | NetDevice;

/** What a guest learns of a device from its manifest. */
export type Properties = BlockProperties | NetProperties;

/** Every kind, in the order in which help lists its options. */
export const DEVICE_KINDS: readonly DeviceKind[] = [netKind, blockKind];

/** The kind of a device, or of its properties. */
export function kindOf({ type }: { readonly type: DeviceType }): DeviceKind {
  return DEVICE_KINDS.find((kind) => kind.type === type)!;
}

/**
 * Loads one part of the kinds of some devices: how they are served, for example.
 *
 * @returns the parts, by the type of the kind
 */
export async function loadKinds<Part>(
  devices: readonly DeviceBase[],
  load: (kind: DeviceKind, devices: readonly DeviceBase[]) => Promise<Part>,
): Promise<ReadonlyMap<DeviceType, Part>> {
  const kinds = Map.groupBy(devices, kindOf);
  return new Map(
    await Promise.all(
      Array.from(kinds, async ([kind, devices]) => [kind.type, await load(kind, devices)] as const),
    ),
  );
}
