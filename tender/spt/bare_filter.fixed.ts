/**
 * The seccomp filter of a guest without devices, which is always the same: the bundle holds its bytes
 * instead of what makes them.
 *
 * @module
 */
import { placeDescriptors } from "./devices.ts";
import { guestFilter } from "./seccomp.ts";
import { LINUX } from "./syscalls.ts";

/** By machine, instructions in the kernel's form. */
export const BARE_FILTER: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  Object.values(LINUX).map((linux) => [linux.machine, guestFilter(placeDescriptors([]), linux)]),
);
