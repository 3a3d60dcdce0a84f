/**
 * The limits of a guest on every target, and the outcome when one is reached. Only a run with limits loads
 * this.
 *
 * @module
 */
import { TenderError } from "./error.ts";
import type { Outcome } from "./outcome.ts";

/** What a guest may use before it is stopped. What is not given is unlimited. */
export interface Limits {
  /** Time from its start, in milliseconds. */
  readonly timeout?: number;
  /** Processor time, in milliseconds; rounded up to whole seconds on spt, because Linux counts those. */
  readonly cpuTime?: number;
  /** Console output in bytes per second, in each second from the start on. */
  readonly consoleRate?: number;
}

/**
 * Checks limits that a program gives.
 *
 * @throws {TenderError} "option" for a number that is out of range
 */
export function checkLimits({ timeout, cpuTime, consoleRate }: Limits): void {
  for (const [name, time] of Object.entries({ timeout, cpuTime })) {
    if (time === undefined || time > 0 && time <= LONGEST) continue;
    const rule = `expected milliseconds, more than 0 and at most ${LONGEST}`;
    throw new TenderError("option", `limits.${name}: ${rule}, not ${time}`);
  }
  if (consoleRate === undefined || Number.isSafeInteger(consoleRate) && consoleRate >= 0) return;
  const rule = "expected a whole number of bytes a second";
  throw new TenderError("option", `limits.consoleRate: ${rule}, not ${consoleRate}`);
}

/** Longest time, in milliseconds: some 30 years. */
const LONGEST = 1e12;

/** The outcome of a guest that was stopped at a limit. */
export function limitReached(name: keyof Limits, limits: Limits): Outcome {
  return { kind: "limit", limit: name, value: limits[name]! };
}

/** Counts console output in each second. */
export class ConsoleMeter {
  readonly #rate: number;
  #second = 0;
  #bytes = 0;

  constructor(limits: Limits) {
    this.#rate = limits.consoleRate ?? Infinity;
  }

  /** How many of these bytes, printed at `moment` (in milliseconds), are within the limit. */
  take(bytes: number, moment: number): number {
    const second = Math.floor(moment / 1000);
    if (second !== this.#second) [this.#second, this.#bytes] = [second, 0];
    const taken = Math.min(bytes, this.#rate - this.#bytes);
    this.#bytes += taken;
    return taken;
  }
}
