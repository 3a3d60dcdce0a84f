/**
 * Holds a guest that is a process of its own to its limits, from the process that started it. Processor
 * time is counted by the kernel.
 *
 * @module
 */
import { ConsoleMeter, limitReached, type Limits } from "./holding.ts";
import { STDOUT, writeAll } from "./host/console.ts";
import { check, errno, seldom } from "./host/libc.ts";
import type { Outcome } from "./outcome.ts";

const RLIMIT_CPU = 0;
const SIGXCPU = 24;

type Take = (output: Uint8Array) => void;

/** Limits in force, from the guest's start on. */
export class ProcessLimits implements Disposable {
  readonly #limits: Limits;
  readonly #kill: () => void;
  readonly #begin: number = performance.now();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the guest was stopped for. */
  #stopped: Outcome | undefined;

  /** Limits of the process `pid`, which `kill` ends. */
  constructor(limits: Limits, { pid, kill }: { pid: number; kill: () => void }) {
    this.#limits = limits;
    this.#kill = kill;
    const { timeout, cpuTime } = limits;
    this.#timer = timeout === undefined
      ? undefined
      : setTimeout(() => this.#stop("timeout"), timeout);
    if (cpuTime !== undefined) limitProcessorTime(pid, cpuTime / 1000);
  }

  /** What to do with output: as `take`, or standard output, as far as the limit allows. */
  console(take: Take = (output) => void writeAll(STDOUT, output as Uint8Array<ArrayBuffer>)): Take {
    const meter = new ConsoleMeter(this.#limits);
    return (output) => {
      if (this.#stopped !== undefined) return;
      const taken = meter.take(output.length, performance.now() - this.#begin);
      take(output.subarray(0, taken));
      if (taken < output.length) this.#stop("consoleRate");
    };
  }

  /** The outcome, given that of the process. */
  outcome(outcome: Outcome): Outcome {
    if (this.#stopped !== undefined) return this.#stopped;
    const exhausted = outcome.kind === "signal" && outcome.signal === SIGXCPU;
    return exhausted && this.#limits.cpuTime !== undefined
      ? limitReached("cpuTime", this.#limits)
      : outcome;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #stop(name: keyof Limits): void {
    this.#stopped ??= limitReached(name, this.#limits);
    this.#kill();
  }
}

/** A process that has ended already needs no limit. */
function limitProcessorTime(pid: number, seconds: number): void {
  const { prlimit } = seldom({
    prlimit: { parameters: ["i32", "i32", "buffer", "usize"], result: "i32" },
  });
  // The signal of the first limit can be ignored by inheritance; that of the second cannot.
  const limit = BigUint64Array.of(BigInt(seconds), BigInt(seconds) + 1n);
  const ESRCH = 3;
  if (prlimit(pid, RLIMIT_CPU, limit, 0n) < 0 && errno() !== ESRCH) check(-1, "prlimit");
}
