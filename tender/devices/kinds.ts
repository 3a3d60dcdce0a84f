/**
 * The table of device kinds.
 *
 * @module
 */
import { blockKind } from "./block.ts";
import type { Device } from "./device.ts";
import type { DeviceKind } from "./kind.ts";
import { netKind } from "./net.ts";

/** Every kind, in the order in which help lists its options. */
export const DEVICE_KINDS: readonly DeviceKind<Device>[] = [netKind, blockKind];
