/**
 * The options of every kind of device, as data. They are found while the command is bundled, so that
 * help loads no device kind.
 *
 * @module
 */
import type { DeviceType } from "../abi/manifest.ts";
import type { DeviceOption } from "../tender/devices/kind.ts";
import { DEVICE_KINDS } from "../tender/devices/kinds.ts";

/** The options about devices of one type. */
export interface OptionsOfKind {
  readonly type: DeviceType;
  readonly options: readonly DeviceOption[];
}

/** Those of each kind, in the order of the table of kinds. */
export const DEVICE_OPTIONS: readonly OptionsOfKind[] = DEVICE_KINDS
  .map(({ type, options }) => ({ type, options }));
