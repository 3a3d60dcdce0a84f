/**
 * A run: what the two drivers, or a program of its own, can do with a guest that was started.
 *
 * @module
 */
import type { TenderTarget } from "../guest.ts";
import type { Outcome } from "../outcome.ts";

/** Why a step stopped. */
export type Stop = Ended | Wait | Budget;

/** The run is over. */
export interface Ended {
  /** The kind of stop. */
  readonly kind: "ended";
  /** How it ended. */
  readonly outcome: Outcome;
}

/**
 * The guest waits until one of the handles is ready or the world's monotonic clock reaches the deadline. A
 * traced guest that computes is waited for in the same way, without handles and deadline: this thread has
 * other work.
 */
export interface Wait {
  /** The kind of stop. */
  readonly kind: "wait";
  /** In nanoseconds. */
  readonly deadline: bigint;
  /** Bit = handle. */
  readonly handles: bigint;
  /** The guest waits until the program has taken its output, and for no handle. */
  readonly output?: true;
}

/** The guest has left its CPU as often as the step allowed, or a signal to this process interrupted it. */
export interface Budget {
  /** The kind of stop. */
  readonly kind: "budget";
}

/** A guest that was started. Disposing of it kills it. */
export interface Run extends AsyncDisposable {
  /**
   * How it ends; of a guest with `steps`, once a step has come to its end. It rejects if the run cannot go on
   * for a reason of the program's.
   */
  readonly outcome: Promise<Outcome>;
  /** Kills it, if it has not ended. */
  kill(): void;
  /** How to go on with it a step at a time; a guest of spt goes on by itself unless it is traced. */
  readonly steps?: Steps;
}

/** A run that goes on only when it is stepped, on the thread that started it. */
export interface Steps {
  /**
   * Runs the guest until it ends, waits, has left its CPU `budget` times, or a signal interrupts it. A
   * traced process leaves its CPU where it makes a system call.
   * To step a guest that waits before its wait is over does no harm: it goes on waiting. One that has
   * ended stays so.
   *
   * @throws what a function of the program's throws that takes output or looks on
   */
  step(budget?: number): Stop;
  /**
   * Blocks until a wait is over, or a signal comes.
   *
   * @throws {TenderError} "option" for a wait for output: what takes it later has to run, too
   */
  wait(wait: Wait): void;
  /** The same on another thread; may return early. A kill ends it. */
  waitApart(wait: Wait): Promise<void>;
  /** See {@linkcode Attempt}. */
  readonly attempt: Attempt;
  /**
   * Captures the run between two steps; it goes on as before. There is no such function where the target
   * has none, where the run was not started to be captured, or where a debugger holds it.
   *
   * @throws {TenderError} "guest" if the guest has ended, or is within a step
   * @throws {SystemError} if the host does not give the state
   */
  readonly capture?: () => Captured;
}

/**
 * A run between two steps: the guest's memory, its CPU and its devices, but not what observes and limits
 * it. Plain data, for `structuredClone` and the like; what is in it beyond these fields is its target's.
 * The same guest goes on from there any number of times, with devices like those that it had: the storage
 * of a disk is not part of it, except for what was written to an overlay.
 */
export interface Captured {
  /** Whose run it was. */
  readonly target: TenderTarget;
  /** Each target has versions of its own. */
  readonly version: number;
}

/**
 * Makes a call that may block for as long as others please, again where a signal interrupts it.
 *
 * @throws what ends the run, if the guest's time is over by then
 */
export type Attempt = <T>(call: () => T) => T;
