/**
 * How a program runs a guest, whatever its target.
 *
 * @module
 */
import type { MachineOptions } from "../hvt/machine.ts";
import type { Injector, PlannedFault } from "../inject/faults.ts";
import type { Limits } from "../limits.ts";
import type { Frame } from "../observe/pcap_format.ts";
import type { Stats } from "../observe/stats_format.ts";
import type { TracedCall } from "../observe/trace.ts";
import type { Captured } from "./run.ts";

/**
 * Takes console output. If it returns a promise, the guest waits until that is resolved: one of hvt at
 * once, one of spt when the pipe is full that it prints to (64 KiB). What it throws, or rejects with, ends
 * the run.
 */
export type TakeOutput = (output: Uint8Array) => unknown;

/** What to be told of a run; hvt alone has it. What one of these functions throws ends the run. */
export interface ObserveOptions {
  /** Is told of every hypercall, when it is over. */
  readonly trace?: (call: TracedCall) => void;
  /** Is told at the end where the time went, and what went through the devices. */
  readonly stats?: (stats: Stats) => void;
  /** Are told of every frame of a network device, by the device's name. */
  readonly captures?: Readonly<Record<string, (frame: Frame) => void>>;
  /** Path of the core file to write if the guest crashes. It never overwrites a file. */
  readonly core?: string;
}

/** How to run a guest, and what to be told of its run. */
export interface RunOptions extends ObserveOptions, MachineOptions {
  /**
   * What becomes of the guest's console: `"inherit"` for this process's standard output, or a function
   * that takes it. `"inherit"` if not given.
   */
  readonly console?: "inherit" | TakeOutput;
  /** Kills the guest when it is aborted; the outcome then is signal 9, on hvt as well. */
  readonly signal?: AbortSignal;
  /** Where the guest goes on, in place of its beginning; `cpu` and `netRing` are then as they were. */
  readonly from?: Captured;
  /**
   * Takes the recording of the run, piece by piece: a file that `parseRecording` reads. It is written as the
   * run goes, so that its beginning is a recording, too. Such a guest is offered no network ring.
   */
  readonly record?: (bytes: Uint8Array<ArrayBuffer>) => void;
  /**
   * Faults to put into the run: a list of them, or a function that is asked at each chance. hvt alone has it.
   * A recording has what the guest got then, and is replayed without it.
   */
  readonly inject?: readonly PlannedFault[] | Injector;
  /** What the guest may use; the outcome then is "limit". Without bound if not given. */
  readonly limits?: Limits;
}

/** How to start a guest that the program itself steps. */
export interface StepOptions extends RunOptions {
  /** Whether the run can be captured, for which a guest of spt is traced; not if not given. */
  readonly capturable?: boolean;
  /**
   * Whether a guest of spt is traced, so that it is stepped from system call to system call, each of which
   * costs some microseconds more; not if not given. One of hvt can be stepped anyway.
   */
  readonly traced?: boolean;
}
