/**
 * Guests that are started often: what they have in common is prepared once, and each start makes only
 * what differs. Each target has a way of its own.
 *
 * @module
 */
import type { Unikernel } from "../elftool/unikernel.ts";
import { bind, type Guest, type GuestOptions } from "./guest.ts";
import type { MachineOptions } from "./hvt/machine.ts";
import type { RunOptions } from "./run/options.ts";
import type { Run } from "./run/run.ts";

/** What all guests of a prepared unikernel have in common. */
export interface PrepareOptions
  extends Pick<GuestOptions, "memory" | "executableHeap">, Pick<MachineOptions, "cpu" | "netRing"> {
  /**
   * Whether its guests trust each other. On hvt, one that is started then gets the machine of one that has
   * ended, with memory and CPU reset, which is faster than to make one. Not if not given.
   */
  readonly trusted?: boolean;
}

/** What one guest of a prepared unikernel has for itself. */
export interface CloneOptions
  extends Pick<GuestOptions, "args" | "devices">, Pick<RunOptions, "console" | "limits"> {}

/** A unikernel that was prepared. To dispose of it leaves its guests alone. */
export interface Prepared extends Disposable {
  /** Size of each guest's memory in bytes. */
  readonly memorySize: number;
  /**
   * Starts a guest, which goes on by itself.
   *
   * @throws {TenderError} as `bind` and `Tender.open` do
   * @throws {SystemError} if the system refuses
   */
  start(options: CloneOptions): Run;
}

/** A target's way to start guests often. To be disposed of when all of its guests have ended. */
export interface Clones extends Disposable {
  /**
   * Prepares a unikernel.
   *
   * @throws {TenderError} as `bind` does, but for devices
   * @throws {SystemError} if there is no memory to hold it
   */
  prepare(unikernel: Unikernel, options: PrepareOptions): Promise<Prepared>;
}

/**
 * Binds a unikernel as far as that is known beforehand: without devices.
 *
 * @throws {TenderError} as `bind` does
 */
export function bindPrepared(unikernel: Unikernel, options: PrepareOptions): Guest {
  const { memory, executableHeap } = options;
  const manifest = { ...unikernel.manifest, devices: [] };
  return bind({ ...unikernel, manifest }, { memory, executableHeap });
}
