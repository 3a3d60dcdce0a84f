/**
 * A guest of spt that is traced: it goes on from one of its system calls to the next when it is told to,
 * and can be captured where it is. Its filter and its launch are as ever, and it finds nothing changed
 * but time.
 *
 * @module
 */
import type { ProcessEnd } from "../../../linux/child.ts";
import { monotonic } from "../../../linux/clock.ts";
import { ERRNO, SystemError } from "../../../linux/libc.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import { timerDeadline } from "../../../linux/timer.ts";
import type { GeneralRegisters, TraceeStop } from "../../../linux/tracee.ts";
import { TenderError } from "../../error.ts";
import type { Outcome } from "../../outcome.ts";
import type { ProcessLimits } from "../../run/process_limits.ts";
import type { Ended, Run, Steps, Stop, Wait } from "../../run/run.ts";
import { processOutcome } from "../process.ts";
import { NO_CALL, type TracedConsole } from "./console.ts";
import type { MarkWatch } from "./mark.ts";
import { captureProcess, type ProcessState, type StoppedProcess } from "./state.ts";

const { calls: CALLS, auditArch: NATIVE } = LINUX.x86_64!;
const SPENT: Stop = { kind: "budget" };
/** Later than any moment, in nanoseconds. */
const NEVER = 2n ** 64n - 1n;
/** A guest that goes on by itself, but makes no system call. */
const COMPUTING: Wait = { kind: "wait", deadline: NEVER, handles: 0n };
/** A guest that is stopped until its output is taken. */
const UNTIL_TAKEN: Wait = { ...COMPUTING, output: true };
/** How long a step waits for a guest that computes, in nanoseconds. */
const PATIENCE = 1_000_000n;
/** How long a blocking wait takes no look at the time that a limited guest has, in nanoseconds. */
const ATTENTION = 50_000_000n;
const MILLISECOND = 1_000_000n;
/** Size of the `syscall` instruction, in bytes. */
const CALL_SIZE = 2n;
/** Results of calls that a signal interrupted, and that the kernel makes again before the guest sees them. */
const AGAIN: readonly bigint[] = [-512n, -513n, -514n, -516n];

/** What a traced guest runs with. */
export interface TracedParts extends StoppedProcess {
  /** What takes its console's output; none if the guest writes to it itself. */
  readonly console: TracedConsole | undefined;
  readonly limits: ProcessLimits | undefined;
  /** What waits for its mark; none if nobody wants it. */
  readonly mark: MarkWatch | undefined;
  /** What its launch complained of; asked once, at its end. */
  complaint(): string;
  /** What it needs until its end. */
  readonly resources: Disposable;
}

/** See {@linkcode Run}. Belongs to the thread that started it. */
export class TracedRun implements Run, Steps {
  readonly outcome: Promise<Outcome>;
  readonly steps: Steps = this;
  readonly #parts: TracedParts;
  readonly #resolve: (outcome: Outcome) => void;
  /** Bits of the devices that a wait of the guest is for. */
  readonly #handles: bigint;
  /** Why it stopped last. */
  #stop: TraceeStop["kind"] = "interrupted";
  /** The signal that it gets when it goes on. */
  #signal = 0;
  /** What it waits for in the system call that it is about to make, or in. */
  #waiting: Wait | undefined;
  /** Whether it was interrupted, and has not shown it yet. */
  #interrupted = false;
  /** Waits on other threads that may be under way. */
  #apart: Promise<unknown> = Promise.resolve();
  /** Is resolved when the next stop is seen. */
  #seen: PromiseWithResolvers<void> | undefined;
  #ended: Ended | undefined;

  /** @param end how it ended already; if not given, the guest's first instruction is next */
  constructor(parts: TracedParts, end?: ProcessEnd) {
    this.#parts = parts;
    ({ promise: this.outcome, resolve: this.#resolve } = Promise.withResolvers<Outcome>());
    this.#handles = parts.image.descriptors.devices
      .reduce((set, { handle, waits }) => waits ? set | 1n << BigInt(handle) : set, 0n);
    if (end !== undefined) this.#end(end);
  }

  /** Id of the guest's process. */
  get pid(): number {
    return this.#parts.tracee.pid;
  }

  /** See {@linkcode Steps}. The budget is a number of system calls. */
  step(budget = Infinity): Stop {
    const { tracee, console, limits } = this.#parts;
    limits?.check();
    console?.check();
    for (let left = budget; left > 0 && this.#ended === undefined;) {
      if (console?.taken !== undefined && !tracee.killed) return UNTIL_TAKEN;
      const waited = this.#waiting !== undefined;
      this.#goOn();
      const stop = tracee.next(waited ? 0n : PATIENCE);
      if (stop === undefined) return this.#waiting ?? COMPUTING;
      if (this.#see(stop)) left--;
      if (this.#waiting !== undefined) return this.#waiting;
    }
    return this.#ended ?? SPENT;
  }

  /** See {@linkcode Steps}. */
  wait({ output }: Pick<Wait, "output"> = {}): void {
    if (this.#ended !== undefined) return;
    if (output) {
      const rule = "console: a function that takes output later needs waitApart()";
      throw new TenderError("option", rule);
    }
    this.#goOn();
    this.#parts.tracee.waitForStop(this.#parts.limits && ATTENTION);
  }

  /** See {@linkcode Steps}. */
  async waitApart({ output }: Pick<Wait, "output"> = {}): Promise<void> {
    if (this.#ended !== undefined) return;
    const { tracee, console } = this.#parts;
    if (output) return await Promise.race([console?.taken, tracee.end]);
    this.#goOn();
    const stopped = tracee.waitForStopApart();
    this.#apart = Promise.all([this.#apart, stopped]);
    // The other thread may be late: then it waits for the stop after one that was seen meanwhile.
    this.#seen = Promise.withResolvers<void>();
    await Promise.race([stopped, this.#seen.promise]);
  }

  /** See {@linkcode Steps}. */
  attempt<T>(call: () => T): T {
    return call();
  }

  /** See {@linkcode Run}. */
  kill(): void {
    this.#parts.tracee.kill();
  }

  /**
   * See {@linkcode Steps}. A guest that goes on by itself is stopped for it.
   *
   * @throws {TenderError} "guest" if it has ended
   * @throws {SystemError} if the kernel does not give it
   */
  capture(): ProcessState {
    const { tracee, image } = this.#parts;
    while (this.#ended === undefined && (!tracee.stopped || this.#stop === "signal")) {
      if (tracee.stopped) this.#goOn();
      else this.#interrupt();
      this.#see(tracee.next(ATTENTION));
    }
    if (this.#ended === undefined) {
      return captureProcess(this.#parts, this.#registers());
    }
    throw new TenderError("guest", `${image.note.unikernel}: has ended, and cannot be captured`);
  }

  /** See {@linkcode Run}. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { tracee } = this.#parts;
    tracee.kill();
    while (this.#ended === undefined) {
      this.#goOn();
      await tracee.waitForStopApart();
      this.#see(tracee.next(0n));
    }
    await this.#apart;
  }

  #goOn(): void {
    const { tracee } = this.#parts;
    if (this.#stop === "suspended") return tracee.listen();
    tracee.resume(this.#signal);
    this.#signal = 0;
  }

  #interrupt(): void {
    this.#interrupted = true;
    this.#parts.tracee.interrupt();
  }

  /** Does what a stop asks for. Returns whether the guest has made a system call. */
  #see(stop: TraceeStop | undefined): boolean {
    if (stop === undefined) return false;
    this.#seen?.resolve();
    this.#stop = stop.kind;
    try {
      switch (stop.kind) {
        case "call":
          this.#call(stop);
          return false;
        case "return":
          return this.#return(stop.result);
        case "signal":
          this.#signal = stop.signal;
          return false;
        case "interrupted":
        case "suspended":
          this.#interrupted = false;
          return false;
        default:
          this.#end(stop);
          return false;
      }
    } catch (error) {
      // It was killed meanwhile: its end is the next stop.
      if (error instanceof SystemError && error.errno === ERRNO.ESRCH) return false;
      throw error;
    }
  }

  #call({ arch, number, args }: TraceeStop & { kind: "call" }): void {
    if (arch !== NATIVE) return;
    const { console, image, mark } = this.#parts;
    mark?.call(number, args);
    if (number === CALLS.write) console?.call(args);
    if (number === CALLS.epoll_pwait && args[0] === BigInt(image.descriptors.epoll)) {
      this.#waiting = this.#waitOf(Number(BigInt.asIntN(32, args[3]!)));
    }
  }

  /** What a call waits for, given its timeout in milliseconds; undefined if it does not wait. */
  #waitOf(timeout: number): Wait | undefined {
    if (timeout === 0) return undefined;
    let deadline = timerDeadline(this.#parts.timer) ?? NEVER;
    if (timeout > 0) {
      const end = monotonic() + BigInt(timeout) * MILLISECOND;
      deadline = deadline < end ? deadline : end;
    }
    return { kind: "wait", deadline, handles: this.#handles };
  }

  #return(result: bigint): boolean {
    const { tracee, console, mark } = this.#parts;
    this.#waiting = undefined;
    if (AGAIN.includes(result) || this.#interrupted && result === BigInt(-ERRNO.EINTR)) {
      // The guest must not see that it was interrupted: it makes the call again.
      tracee.setRegisters(beforeCall(tracee.registers()));
      return false;
    }
    mark?.answer(result);
    console?.answer();
    return true;
  }

  /** The registers as the guest will find them. */
  #registers(): GeneralRegisters {
    const { tracee, console } = this.#parts;
    const registers = tracee.registers();
    if (this.#stop !== "call") return { ...registers, originalRax: NO_CALL };
    return console?.answered(registers) ?? beforeCall(registers);
  }

  #end(end: ProcessEnd): void {
    const { limits, resources } = this.#parts;
    this.#waiting = undefined;
    const outcome = processOutcome(end, this.#parts.complaint());
    const told = limits?.outcome(outcome) ?? outcome;
    resources[Symbol.dispose]();
    this.#ended = { kind: "ended", outcome: told };
    this.#resolve(told);
  }
}

/** The registers before the system call that they were read in. */
export function beforeCall(registers: GeneralRegisters): GeneralRegisters {
  const { originalRax, rip } = registers;
  return { ...registers, rip: rip - CALL_SIZE, rax: originalRax, originalRax: NO_CALL };
}
