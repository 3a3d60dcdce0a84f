/**
 * What stands at the door of a guest whose calls are answered here.
 *
 * @module
 */
import type { Outcome } from "../../outcome.ts";
import type { CpuAnswers } from "../../record/instructions.ts";
import type { Wait } from "../../run/run.ts";
import type { GuestCall } from "./calls.ts";

/** Answers all that a guest asks: of this host, or from a recording. */
export interface Door extends CpuAnswers, Disposable {
  /** Whether the guest is not to be answered now. */
  readonly paused: boolean;
  /**
   * Answers a call, or begins to wait for the answer.
   *
   * @returns what the guest waits for; undefined if it goes on
   */
  answer(asked: GuestCall): Wait | undefined;
  /** As `answer`, for the call that the guest waits in. */
  resume(asked: GuestCall): Wait | undefined;
  /** Blocks until the wait is over, or a signal comes; for so many milliseconds, or for ever if negative. */
  wait(patience: number): void;
  /** The same on another thread, until there is a call or an end on `calls`, too. */
  waitApart(asked: GuestCall): Promise<void>;
  /** Takes what the guest has logged by itself; it may go on meanwhile. */
  look(): void;
  /** Is resolved when the output is taken; undefined if nothing is on its way. */
  readonly taken: Promise<void> | undefined;
  /** @throws what the function failed with that takes the output later */
  check(): void;
  /** The guest is about to end; its memory is still there. */
  ending(): void;
  /**
   * The guest has ended.
   *
   * @returns the outcome of the run
   */
  ended(outcome: Outcome): Outcome;
}
