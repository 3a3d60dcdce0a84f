/**
 * The run of a guest of hvt that is one of many: it has turns with the others, and limits of its own.
 *
 * @module
 */
import { monotonic, threadTime } from "../../linux/clock.ts";
import { ConsoleMeter, limitReached, type Limits } from "../limits.ts";
import type { Outcome } from "../outcome.ts";
import type { TakeOutput } from "../run/options.ts";
import type { Run, Stop, Wait } from "../run/run.ts";
import type { MachineRun } from "./machine_run.ts";
import type { Turns } from "./turns.ts";

const MILLISECOND = 1_000_000n;
/** Later than any moment, in nanoseconds. */
const NEVER = 2n ** 62n;

/** The limits of one guest, and which of them it has reached. */
export class CloneLimits {
  readonly #limits: Limits;
  readonly #meter: ConsoleMeter;
  readonly #begin: bigint = monotonic();
  /** The moment when its time is over. */
  readonly end: bigint;
  /** Processor time that it has used, in nanoseconds. */
  #used = 0n;
  #reached: Outcome | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#meter = new ConsoleMeter(limits);
    const { timeout } = limits;
    this.end = timeout === undefined ? NEVER : this.#begin + nanoseconds(timeout);
  }

  /** The outcome of a guest that has reached a limit by now. */
  reached(): Outcome | undefined {
    if (monotonic() >= this.end) this.#reached ??= limitReached("timeout", this.#limits);
    return this.#reached;
  }

  /** Does something that counts as the guest's processor time. */
  measured<T>(action: () => T): T {
    const { cpuTime } = this.#limits;
    if (cpuTime === undefined) return action();
    const before = threadTime();
    try {
      return action();
    } finally {
      this.#used += threadTime() - before;
      if (this.#used >= nanoseconds(cpuTime)) {
        this.#reached ??= limitReached("cpuTime", this.#limits);
      }
    }
  }

  /** Passes output on as far as the limit allows. */
  console(take: TakeOutput): TakeOutput {
    return (output) => {
      const moment = Number((monotonic() - this.#begin) / MILLISECOND);
      const taken = this.#meter.take(output.length, moment);
      if (taken < output.length) this.#reached ??= limitReached("consoleRate", this.#limits);
      return taken === 0 ? undefined : take(output.subarray(0, taken));
    };
  }
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.ceil(milliseconds)) * MILLISECOND;
}

/** What a run consists of. It disposes of the resources. */
interface Parts {
  readonly machine: MachineRun;
  readonly turns: Turns;
  readonly limits: CloneLimits | undefined;
  readonly resources: DisposableStack;
}

/** See {@linkcode Run}. */
export class CloneRun implements Run {
  readonly outcome: Promise<Outcome>;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.outcome = this.#live();
    // An error that nobody asks for must not end the program.
    this.outcome.catch(() => {});
  }

  kill(): void {
    this.#parts.machine.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.outcome.catch(() => {});
  }

  async #live(): Promise<Outcome> {
    const { machine, turns, resources } = this.#parts;
    try {
      for (;;) {
        const stop = await turns.turn(() => this.#step());
        if (stop.kind === "ended") return stop.outcome;
        if (stop.kind === "wait") await machine.waitApart(stop);
      }
    } finally {
      await machine[Symbol.asyncDispose]();
      resources.dispose();
    }
  }

  #step(): Stop {
    const { machine, limits } = this.#parts;
    if (limits === undefined) return machine.step();
    const before = limits.reached();
    if (before !== undefined) return { kind: "ended", outcome: before };
    const stop = limits.measured(() => machine.step());
    if (stop.kind === "ended") return stop;
    const reached = limits.reached();
    if (reached !== undefined) return { kind: "ended", outcome: reached };
    return stop.kind === "wait" ? within(stop, limits.end) : stop;
  }
}

/** A wait, no longer than there is time. */
function within(wait: Wait, end: bigint): Wait {
  return wait.deadline < end ? wait : { ...wait, deadline: end };
}
