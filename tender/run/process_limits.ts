/**
 * Enforces the limits of a guest that a child process runs, in the process that started it. The kernel
 * enforces that of processor time.
 *
 * @module
 */
import { SIGPIPE, SIGXCPU, STDOUT_FILENO } from "../../linux/constants.ts";
import { ConsoleMeter, limitReached, type Limits } from "../limits.ts";
import { check, ERRNO, errno, seldom } from "../../linux/libc.ts";
import { writeApart } from "../../linux/write_apart.ts";
import type { Outcome } from "../outcome.ts";
import type { TakeOutput } from "../run/options.ts";

const RLIMIT_CPU = 0;
const SECOND = 1000;
/** Longest time that the runtime's timers can be set to, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The process that runs a guest. */
interface LimitedProcess {
  readonly pid: number;
  /** Whether it was killed, for whatever reason. */
  readonly killed: boolean;
  kill(): void;
}

/** Limits of a guest. */
export class ProcessLimits implements Disposable {
  readonly #limits: Limits;
  readonly #process: LimitedProcess;
  readonly #begin: number = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Why the guest was stopped. */
  #stopped: Outcome | undefined;

  /**
   * Enforces limits from now on.
   *
   * @throws {SystemError} if the kernel does not limit the process
   */
  constructor(limits: Limits, process: LimitedProcess) {
    const { timeout, cpuTime } = limits;
    // Whole seconds are what the kernel counts.
    const seconds = cpuTime === undefined ? undefined : Math.ceil(cpuTime / SECOND);
    this.#limits = seconds === undefined ? limits : { ...limits, cpuTime: seconds * SECOND };
    this.#process = process;
    if (seconds !== undefined) limitProcessorTime(process.pid, seconds);
    if (timeout !== undefined) this.#stopAfter(timeout);
  }

  /** Passes output to `take`, or to standard output, as far as the limit allows. */
  console(take: TakeOutput = (output) => this.#print(output)): TakeOutput {
    const meter = new ConsoleMeter(this.#limits);
    return async (output) => {
      if (this.#stopped !== undefined) return;
      const taken = meter.take(output.length, performance.now() - this.#begin);
      await take(output.subarray(0, taken));
      if (taken < output.length) this.#stop(limitReached("consoleRate", this.#limits));
    };
  }

  /** Stops the guest if its time is over: for a thread whose event loop has no turn meanwhile. */
  check(): void {
    const { timeout } = this.#limits;
    if (timeout === undefined || performance.now() - this.#begin < timeout) return;
    this.#stop(limitReached("timeout", this.#limits));
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

  /** Stops the guest at the end of its time, which may be longer than the longest timer. */
  #stopAfter(milliseconds: number): void {
    const now = Math.min(milliseconds, LONGEST_TIMER);
    this.#timer = setTimeout(() => {
      if (now < milliseconds) this.#stopAfter(milliseconds - now);
      else this.#stop(limitReached("timeout", this.#limits));
    }, now);
  }

  /** Writes to standard output, for as long as the guest lives or has ended by itself. */
  async #print(output: Uint8Array): Promise<void> {
    const bytes = output as Uint8Array<ArrayBuffer>;
    const read = await writeApart(STDOUT_FILENO, bytes, { stopped: () => this.#process.killed });
    if (!read) this.#stop({ kind: "signal", signal: SIGPIPE });
  }

  #stop(outcome: Outcome): void {
    this.#stopped ??= outcome;
    this.#process.kill();
  }
}

/** Bound when it is needed. */
let bound: ReturnType<typeof bind> | undefined;

function bind() {
  return seldom({ prlimit: { parameters: ["i32", "i32", "buffer", "usize"], result: "i32" } });
}

/** A process that has ended already needs no limit. */
function limitProcessorTime(pid: number, seconds: number): void {
  const { prlimit } = bound ??= bind();
  // The signal of the first limit can be ignored by inheritance; that of the second cannot.
  const limit = BigUint64Array.of(BigInt(seconds), BigInt(seconds) + 1n);
  if (prlimit(pid, RLIMIT_CPU, limit, 0n) < 0 && errno() !== ERRNO.ESRCH) check(-1, "prlimit");
}
