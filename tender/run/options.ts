/**
 * How a program has a guest run, whatever its target.
 *
 * @module
 */
import type { MachineOptions } from "../hvt/options.ts";
import type { Limits } from "../limits.ts";
import type { Observers } from "../observe/observers.ts";
import type { Captured } from "./run.ts";

/**
 * Takes console output. If it returns a promise, the guest waits until that is resolved: one of hvt at
 * once, one of spt when the pipe is full that it prints to (64 KiB). What it throws, or rejects with, ends
 * the run.
 */
export type TakeOutput = (output: Uint8Array) => unknown;

/** How to run a guest, and what to be told of its run. */
export interface RunOptions extends Observers, MachineOptions {
  /**
   * What becomes of the guest's console: `"inherit"` for this process's standard output, or a function
   * that takes it. `"inherit"` if not given.
   */
  readonly console?: "inherit" | TakeOutput;
  /** Kills the guest when it is aborted; the outcome then is signal 9, on hvt as well. */
  readonly signal?: AbortSignal;
  /** Where the guest goes on, in place of its beginning; `cpu` and `netRing` are then as they were. */
  readonly from?: Captured;
  /** What the guest may use; the outcome then is "limit". Without bound if not given. */
  readonly limits?: Limits;
}

/** How to start a guest for a program that steps it. */
export interface StepOptions extends RunOptions {
  /** Whether the run can be captured, for which a guest of spt is traced; not if not given. */
  readonly capturable?: boolean;
  /**
   * Whether a guest of spt is traced, so that it is stepped from system call to system call, each of which
   * costs some microseconds more; not if not given. One of hvt can be stepped anyway.
   */
  readonly traced?: boolean;
}
