/**
 * The options of every device kind, as data. They are evaluated when the command is bundled, so that
 * help loads no device kind.
 *
 * @module
 */
import type { DeviceType } from "../abi/manifest.ts";
import type { DeviceOption } from "../tender/devices/kind.ts";
import { DEVICE_KINDS } from "../tender/devices/kinds.ts";

/** The options of one device kind. */
export interface OptionsOfKind {
  readonly type: DeviceType;
  readonly options: readonly DeviceOption[];
}

/** The options of each kind, in the order of the table of kinds. */
export const DEVICE_OPTIONS: readonly OptionsOfKind[] = DEVICE_KINDS
  .map(({ type, options }) => ({ type, options }));
