/**
 * What a program may be told of a run: the options, and where there is no such thing.
 *
 * @module
 */
import { kindOf } from "../devices/kinds.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import type { Frame } from "./pcap_format.ts";
import type { Stats } from "./stats_format.ts";
import type { TracedCall } from "./trace.ts";

/** What to be told of a run; of hvt alone. What one of these functions throws ends the run with it. */
export interface Observers {
  /** Is told of every hypercall, when it is over. */
  readonly trace?: (call: TracedCall) => void;
  /** Is told at the end where the time went, and what the devices moved. */
  readonly stats?: (stats: Stats) => void;
  /** Are told of every frame of a network device, by the device's name. */
  readonly captures?: Readonly<Record<string, (frame: Frame) => void>>;
  /** Path of a core file to be written if the guest crashes. It never overwrites a file. */
  readonly core?: string;
}

/**
 * The handle of a network device.
 *
 * @throws {TenderError} "option", beginning with what asked for it
 */
export function networkHandle(guest: Guest, name: string, asked: string): number {
  const device = guest.devices.find((device) => device.name === name);
  if (device !== undefined && kindOf(device.device).unit === "frame") return device.handle;
  throw new TenderError("option", `${asked}: there is no network device '${name}'`);
}
