/**
 * Who may start: the bounds of a pool, and the queue of those who wait.
 *
 * @module
 */
import { PoolError } from "./error.ts";

/** The bounds. What has none is `Infinity`. */
export interface Bounds {
  /** Guests alive at once. */
  readonly guests: number;
  /** Their memory in all, in bytes. */
  readonly memory: number;
  /** Starts that wait. */
  readonly waiting: number;
  /** How long one waits, in milliseconds. */
  readonly patience: number;
}

/** A start that waits. */
export interface Place {
  /** Is resolved when it may start; rejects with a {@linkcode PoolError} if it may not. */
  readonly turn: Promise<void>;
  /** Gives it up, or what came of it. */
  leave(): void;
}

/** A place, and what it waits for. */
interface Waiting {
  readonly memory: number;
  readonly turn: PromiseWithResolvers<void>;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
  admitted: boolean;
}

/** Admits guests, in the order in which they come: none overtakes one that needs more memory. */
export class Admission {
  readonly #bounds: Bounds;
  readonly #queue = new Set<Waiting>();
  #guests = 0;
  #memory = 0;
  #refused = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** Guests that were admitted, and have not left. */
  get guests(): number {
    return this.#guests;
  }

  /** Their memory, in bytes. */
  get memory(): number {
    return this.#memory;
  }

  /** Starts that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Starts that a bound has kept from starting. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Asks to start a guest.
   *
   * @param memory that it may use, in bytes
   * @returns undefined if it may start at once
   * @throws {PoolError} "guests", "memory" or "queue" if it may not even wait
   */
  enter(memory: number): Place | undefined {
    const bounds = this.#bounds;
    if (memory > bounds.memory) {
      throw this.#refusal("memory", bounds.memory);
    }
    const missing = this.#queue.size > 0 ? undefined : this.#missing(memory);
    if (this.#queue.size === 0 && missing === undefined) {
      this.#admit(memory);
      return undefined;
    }
    if (this.#queue.size < bounds.waiting) return this.#wait(memory);
    if (missing !== undefined) throw this.#refusal(missing, bounds[missing]);
    throw this.#refusal("queue", bounds.waiting);
  }

  /** Says that a guest has ended, and admits who can start now. */
  leave(memory: number): void {
    this.#guests--;
    this.#memory -= memory;
    this.#admitNext();
  }

  /** Sends all away that wait. */
  close(): void {
    for (const waiting of this.#queue) {
      this.#forget(waiting);
      waiting.turn.reject(closed());
    }
  }

  #missing(memory: number): "guests" | "memory" | undefined {
    if (this.#guests >= this.#bounds.guests) return "guests";
    return this.#memory + memory > this.#bounds.memory ? "memory" : undefined;
  }

  #admit(memory: number): void {
    this.#guests++;
    this.#memory += memory;
  }

  #wait(memory: number): Place {
    const { patience } = this.#bounds;
    const late = () => {
      this.#forget(waiting);
      waiting.turn.reject(this.#refusal("wait", patience));
      this.#admitNext();
    };
    const waiting: Waiting = {
      memory,
      turn: Promise.withResolvers(),
      timer: patience === Infinity ? undefined : setTimeout(late, patience),
      admitted: false,
    };
    this.#queue.add(waiting);
    const leave = () => {
      if (waiting.admitted) this.leave(memory);
      else if (this.#forget(waiting)) this.#admitNext();
    };
    return { turn: waiting.turn.promise, leave };
  }

  #refusal(code: keyof typeof SENTENCES, bound: number): PoolError {
    this.#refused++;
    return new PoolError(code, SENTENCES[code](bound), { bound });
  }

  #forget(waiting: Waiting): boolean {
    clearTimeout(waiting.timer);
    return this.#queue.delete(waiting);
  }

  #admitNext(): void {
    for (const waiting of this.#queue) {
      if (this.#missing(waiting.memory) !== undefined) return;
      this.#forget(waiting);
      this.#admit(waiting.memory);
      waiting.admitted = true;
      waiting.turn.resolve();
    }
  }
}

/** The error of a pool that was disposed of. */
export function closed(): PoolError {
  return new PoolError("closed", "the pool is closed");
}

const SENTENCES = {
  guests: (bound: number) => `${bound} guests are alive, as many as may be`,
  memory: (bound: number) => `the guests' memory is bounded to ${bound} bytes`,
  queue: (bound: number) => `${bound} starts wait, as many as may`,
  wait: (bound: number) => `waited for ${bound} ms, as long as a start may`,
} as const;
