/**
 * How many instances one process has at once, and the queue of calls that wait for one.
 *
 * @module
 */
import { McpError } from "./error.ts";

/** The bounds. */
export interface SlotBounds {
  /** Instances at once. */
  readonly instances: number;
  /** Calls that wait. */
  readonly queue: number;
  /** How long one waits, in milliseconds. */
  readonly patience: number;
}

/** Gives out slots in the order in which they were asked for. */
export class Slots {
  readonly #bounds: SlotBounds;
  readonly #waiting = new Set<() => void>();
  #live = 0;

  constructor(bounds: SlotBounds) {
    this.#bounds = bounds;
  }

  /** Slots that are taken. */
  get live(): number {
    return this.#live;
  }

  /**
   * Waits for a slot. To dispose of it gives it back.
   *
   * @throws {McpError} "busy" if too many wait, or for too long; "cancelled" if the signal is aborted
   */
  async take(signal?: AbortSignal): Promise<Disposable> {
    const { instances, queue, patience } = this.#bounds;
    if (signal?.aborted) throw cancelled();
    if (this.#live < instances) this.#live++;
    else if (this.#waiting.size < queue) await this.#wait(patience, signal);
    else throw new McpError("busy", `${queue} calls wait already, as many as may`, { queue });
    let given = false;
    const giveBack = () => {
      if (!given) this.#giveBack();
      given = true;
    };
    return { [Symbol.dispose]: giveBack };
  }

  #wait(patience: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (error?: McpError) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      this.#waiting.delete(turn);
      if (error === undefined) resolve();
      else reject(error);
    };
    const turn = () => leave();
    const abort = () => leave(cancelled());
    const late = new McpError("busy", `waited ${patience / 1000} s for an instance`, { patience });
    const timer = setTimeout(() => leave(late), patience);
    signal?.addEventListener("abort", abort);
    this.#waiting.add(turn);
    return promise;
  }

  /** Whoever waits longest gets it. */
  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#live--;
    else next();
  }
}

/** The error of a caller that gave up. */
export function cancelled(): McpError {
  return new McpError("cancelled", "the call was cancelled");
}
