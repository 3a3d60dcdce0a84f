/**
 * Runs a replay on to breakpoints and marks, and has it captured on its way.
 *
 * @module
 */
import { Alarms } from "../../../../linux/alarm.ts";
import type { Registers } from "../../../kvm/abi.ts";
import type { Breakpoint } from "../stub.ts";
import { type ReplayMachine, sameRegisters } from "./machine.ts";
import { type Arrival, arrivalOf, type Mark, pointsOf } from "./places.ts";

/** The shortest time between two captures, in milliseconds: alarms are no more exact. */
const SHORTEST = 0.02;
const NANOSECONDS = 1_000_000;

/** Where to run to. */
export interface Way {
  readonly points?: readonly Breakpoint[];
  readonly mark?: Mark;
  /** How long the guest runs between two captures, in milliseconds; it is not captured if not given. */
  readonly every?: number;
  /** Is asked now and then whether to stop. */
  readonly interrupted?: () => boolean;
}

/** See the module. */
export class Runner {
  /** How long the guest has run, in milliseconds. */
  ran = 0;
  readonly #machine: ReplayMachine;
  readonly #capture: () => void;

  /** @param options `capture`: captures the machine where it is */
  constructor(machine: ReplayMachine, { capture }: { capture: () => void }) {
    this.#machine = machine;
    this.#capture = capture;
  }

  /** Runs on to the next of the points, the mark or the end. */
  advance({ points = [], mark, every, interrupted }: Way): Arrival {
    const machine = this.#machine;
    const all = mark === undefined ? points : [...points, ...pointsOf(mark)];
    const pauseAt = mark?.kind === "input" ? mark.input : Infinity;
    const arrives = ({ atMark, point }: Arrival) =>
      atMark || point !== undefined || machine.end !== undefined;
    const pace = every === undefined ? undefined : new Pace(every, this.ran);
    for (;;) {
      // Off the breakpoint where it is.
      machine.arm(all, { step: true });
      machine.step();
      let arrival = arrivalOf(machine, { points, mark });
      if (arrives(arrival)) return arrival;
      machine.arm(all, { step: false });
      for (let stopped = false; !stopped;) {
        stopped = this.#run(pauseAt, pace?.left(this.ran));
        arrival = arrivalOf(machine, { points, mark });
        if (arrives(arrival)) return arrival;
        if (interrupted?.()) return arrival;
        if (!stopped && pace?.isDue(machine.registers(), this.ran)) this.#capture();
      }
    }
  }

  /**
   * Runs on until something stops the guest.
   *
   * @param within how long at most, in milliseconds
   */
  #run(pauseAt: number, within?: number): boolean {
    using alarms = within === undefined ? undefined : alarmIn(within);
    const begin = performance.now();
    const stopped = this.#machine.go(pauseAt);
    this.ran += performance.now() - begin;
    alarms?.consume();
    return stopped;
  }

  /** How many of the points there are up to a mark. */
  count({ points, mark }: { points: readonly Breakpoint[]; mark: Mark }): number {
    let count = 0;
    while (this.#machine.end === undefined) {
      const { atMark, point } = this.advance({ points, mark });
      if (point !== undefined) count++;
      if (atMark) break;
    }
    return count;
  }
}

/** When the next capture is due. Times are in milliseconds that the guest has run. */
class Pace {
  #every: number;
  #last: number;
  #registers: Registers | undefined;

  constructor(every: number, now: number) {
    this.#every = Math.max(every, SHORTEST);
    this.#last = now;
  }

  /** How long the guest may run until then. */
  left(now: number): number {
    return Math.max(this.#last + this.#every - now, SHORTEST);
  }

  /** Whether one is due now. */
  isDue(registers: Registers, now: number): boolean {
    if (now < this.#last + this.#every) return false;
    this.#last = now;
    const isSame = this.#registers !== undefined && sameRegisters(registers, this.#registers);
    this.#registers = registers;
    // The guest has not got on: the time was too short.
    if (isSame) this.#every *= 2;
    return !isSame;
  }
}

function alarmIn(milliseconds: number): Alarms {
  const alarms = new Alarms();
  alarms.set("monotonic", BigInt(Math.round(milliseconds * NANOSECONDS)));
  return alarms;
}
