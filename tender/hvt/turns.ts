/**
 * Guests of hvt that share a thread: they have turns of at most a millisecond, and between two turns this
 * thread does its other work.
 *
 * @module
 */
import { Alarms } from "../../linux/alarm.ts";

/** The longest turn, in nanoseconds. */
const TURN = 1_000_000n;
/** How long guests have their turns before other work has its own, in milliseconds. */
const SPELL = 1;

/** Who wants a turn, in order. A machine stops at the end of its turn if it is open to signals. */
export class Turns {
  #waiting: (() => void)[] = [];
  #running = false;

  /**
   * Does something when it is its turn.
   *
   * @returns what comes of it
   */
  turn<T>(action: () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push(() => {
      try {
        resolve(action());
      } catch (error) {
        reject(error);
      }
    });
    if (!this.#running) this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    using alarms = new Alarms();
    alarms.set("monotonic", TURN, { again: TURN });
    while (await othersTurn(), this.#waiting.length > 0) {
      const begin = performance.now();
      do {
        // An alarm that came meanwhile would end the turn before it has begun.
        alarms.consume();
        this.#waiting.shift()!();
      } while (this.#waiting.length > 0 && performance.now() - begin < SPELL);
    }
    this.#running = false;
  }
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
