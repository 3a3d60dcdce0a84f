/**
 * What the command line says of every kind of device, as data. It is found while the command is
 * bundled, so that help loads no device kind.
 *
 * @module
 */
import type { DeviceType } from "../abi/manifest.ts";
import type { DeviceWords } from "../tender/devices/kind.ts";
import { DEVICE_KINDS } from "../tender/devices/kinds.ts";

/** What is said of devices of one type. */
export interface WordsOfKind extends Pick<DeviceWords, "noun" | "options" | "plainValue"> {
  readonly type: DeviceType;
}

/** The words of each kind, in the order of the table of kinds. */
export const DEVICE_OPTIONS: readonly WordsOfKind[] = await Promise.all(
  DEVICE_KINDS.map(async ({ type, words }) => {
    const { noun, options, plainValue } = await words();
    return { type, noun, options, plainValue };
  }),
);
