/**
 * What a program may be told of a run: the options, and where there is no such thing.
 *
 * @module
 */
import { TenderError } from "./error.ts";
import type { Guest } from "./guest.ts";
import type { Frame } from "./hvt/observe/pcap_format.ts";
import type { Stats } from "./hvt/observe/stats_format.ts";
import type { TracedCall } from "./hvt/observe/trace.ts";

/** What to be told of a run; of hvt alone. What one of these functions throws ends the run with it. */
export interface Observers {
  /** Is told of every hypercall, when it is over. */
  readonly trace?: (call: TracedCall) => void;
  /** Is told at the end where the time went, and what the devices moved. */
  readonly stats?: (stats: Stats) => void;
  /** Are told of every frame of a network device, by the device's name. */
  readonly captures?: ReadonlyMap<string, (frame: Frame) => void>;
  /** Path of a core file to be written if the guest crashes. It never overwrites a file. */
  readonly core?: string;
}

/** Names of {@linkcode Observers}. */
const NAMES = ["trace", "stats", "captures", "core"] as const;

/** Whether there is somebody to be told. */
export function isObserved(observers: Observers): boolean {
  return NAMES.some((name) => observers[name] !== undefined);
}

/**
 * Refuses to observe a guest of spt.
 *
 * @throws {TenderError} "option"
 */
export function checkUnobserved(observers: Observers): void {
  const name = NAMES.find((name) => observers[name] !== undefined);
  if (name !== undefined) throw forHvtAlone(name, name === "core" ? CORES : CALLS);
}

/** Why a guest of spt cannot be observed so. */
export const CALLS = "no tender sees what the guest does; use strace -p, or build it for hvt";
/** See {@linkcode CALLS}. */
export const CORES = "the kernel writes cores, after ulimit -c unlimited";

/** An error about an option that a guest of spt was given. */
export function forHvtAlone(option: string, reason: string): TenderError {
  return new TenderError("option", `${option} is for hvt alone: on spt ${reason}`);
}

/**
 * The handle of a network device.
 *
 * @throws {TenderError} "option", beginning with what asked for it
 */
export function networkHandle(guest: Guest, name: string, asked: string): number {
  const device = guest.devices.find((device) => device.name === name);
  if (device?.device.type === "NET_BASIC") return device.handle;
  throw new TenderError("option", `${asked}: there is no network device '${name}'`);
}
