/**
 * The launch of guests without devices, which is always the same: the bundle contains its bytes
 * instead of the encoder, which is then neither loaded nor run. That saves 3 of the 26 ms that
 * `soloden run` of such a guest would take.
 *
 * @module
 */
import { LINUX } from "../../linux/syscalls.ts";
import { DeviceCompiler } from "./devices.ts";
import type { LaunchTemplate } from "./page.ts";

/** By architecture; spt unikernels for others cannot be launched yet. */
export const BARE_LAUNCH: Readonly<Partial<Record<string, LaunchTemplate>>> = Object.fromEntries(
  Object.values(LINUX).map(({ architecture }) => [
    architecture,
    new DeviceCompiler(new Map()).template([], { architecture }),
  ]),
);
