/**
 * The launch of guests without devices, which is always the same: the bundle holds its bytes instead
 * of what makes them.
 *
 * @module
 */
import { placeDescriptors } from "./devices.ts";
import { LINUX } from "../../linux/syscalls.ts";
import type { LaunchTemplate } from "./page.ts";
import { launchTemplate } from "./template.ts";

/** By machine; spt unikernels for others cannot be launched yet. */
export const BARE_LAUNCH: Readonly<Partial<Record<string, LaunchTemplate>>> = Object.fromEntries(
  Object.values(LINUX).map((linux) => [
    linux.machine,
    launchTemplate(placeDescriptors([]), linux),
  ]),
);
