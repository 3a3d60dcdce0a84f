/**
 * A guest of spt whose calls and instructions are answered here: to be recorded, or from a recording.
 *
 * @module
 */
import type { CpuSite } from "../../../elftool/x86_64/cpu_inputs.ts";
import { ERRNO, SystemError } from "../../../linux/libc.ts";
import type { ProcessEnd } from "../../../linux/child.ts";
import type { Notifications } from "../../../linux/notifications.ts";
import { MemoryWriter } from "../../../linux/other_process.ts";
import type { GeneralRegisters, Tracee, TraceeStop } from "../../../linux/tracee.ts";
import { TenderError } from "../../error.ts";
import type { Outcome } from "../../outcome.ts";
import type { ProcessLimits } from "../../run/process_limits.ts";
import type { Ended, Run, Steps, Stop, Wait } from "../../run/run.ts";
import { processOutcome } from "../process.ts";
import { NO_CALL } from "../traced/console.ts";
import { beforeCall } from "../traced/run.ts";
import type { ProcessState } from "../traced/state.ts";
import { CALLS, type GuestCall } from "./calls.ts";
import { answerInstruction, isAnswerable } from "./cpu.ts";
import type { Door } from "./door.ts";
import type { RecorderMemory } from "./inside.ts";

const SPENT: Stop = { kind: "budget" };
/** Later than any moment, in nanoseconds. */
const NEVER = 2n ** 64n - 1n;
/** A guest that goes on by itself, but asks for nothing. */
const COMPUTING: Wait = { kind: "wait", deadline: NEVER, handles: 0n };
/** A guest that goes on once its output is taken. */
const UNTIL_TAKEN: Wait = { ...COMPUTING, output: true };
/** How long a step waits for a guest that computes, in milliseconds. */
const PATIENCE = 1;
/** How long another thread does, and a blocking wait of a limited guest. */
const LONGER = 20;
/** How often a guest is looked at before this thread sleeps, after an instruction was answered. */
const TRIES = 60;
/** How often a step looks at a guest that makes no call. */
const MOST_SIGNALS = 1000;
const SIGSEGV = 11;
/** How long a guest is waited for that was interrupted, in nanoseconds. */
const ATTENTION = 50_000_000n;

/** What such a guest runs with. */
export interface AnsweredParts {
  readonly tracee: Tracee;
  readonly calls: Notifications;
  readonly door: Door;
  /** What is inside of the guest; undefined if nothing is. */
  readonly recorder: RecorderMemory | undefined;
  /** Captures the guest, given its registers; undefined if it cannot be captured. */
  readonly capture?: (registers: GeneralRegisters) => ProcessState;
  /** Instructions that were replaced, by address. */
  readonly sites: ReadonlyMap<number, CpuSite>;
  readonly limits: ProcessLimits | undefined;
  /** What its launch complained of; asked once, at its end. */
  complaint(): string;
  /** What it needs until its end. */
  readonly resources: Disposable;
}

/** See {@linkcode Run}. Belongs to the thread that started it. */
export class AnsweredRun implements Run, Steps {
  readonly outcome: Promise<Outcome>;
  readonly steps: Steps = this;
  /** See {@linkcode Steps}. The guest has to be paused. */
  readonly capture?: () => ProcessState;
  readonly #parts: AnsweredParts;
  readonly #asked: GuestCall;
  readonly #resolve: (outcome: Outcome) => void;
  /** The signal that it gets when it goes on. */
  #signal = 0;
  #suspended = false;
  /** What is not answered yet, because the door is paused; a call can have been taken back. */
  #held: "call" | "taken back" | "instruction" | undefined;
  /** What it waits for in the call that it has made. */
  #waiting: Wait | undefined;
  /** How often to look before sleeping. */
  #tries = 1;
  #ended: Ended | undefined;

  constructor(parts: AnsweredParts) {
    this.#parts = parts;
    const { pid } = parts.tracee;
    this.#asked = { call: parts.calls, pid, memory: new MemoryWriter(pid) };
    const { capture } = parts;
    if (capture !== undefined) this.capture = () => capture(this.#registers());
    ({ promise: this.outcome, resolve: this.#resolve } = Promise.withResolvers<Outcome>());
  }

  /** See {@linkcode Steps}. The budget is a number of calls. */
  step(budget = Infinity): Stop {
    const { door, limits, tracee } = this.#parts;
    limits?.check();
    door.check();
    let signals = 0;
    for (let left = budget; left > 0 && this.#ended === undefined;) {
      // A guest may do nothing else than what ends in a signal: others have their turn, too.
      if (signals > MOST_SIGNALS) return SPENT;
      if (door.taken !== undefined && !tracee.killed) return UNTIL_TAKEN;
      if (this.#waiting !== undefined && !tracee.killed) {
        this.#waiting = this.#tried(() => door.resume(this.#asked));
        if (this.#waiting === undefined) left--;
        else if (!this.#look()) return this.#waiting;
        continue;
      }
      if (door.paused && this.#held !== undefined && !tracee.killed) return SPENT;
      if (this.#held === "instruction") this.#answerInstruction();
      const held = this.#held === "call" && !tracee.killed;
      this.#held = undefined;
      if (!held) this.#goOn();
      if (held || this.#next()) {
        if (door.paused) {
          this.#held = "call";
          continue;
        }
        this.#serve();
        if (this.#waiting !== undefined) return this.#waiting;
        left--;
      } else if (this.#look()) signals++;
      else {
        door.look();
        return COMPUTING;
      }
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
    // A guest that computes is waited for in the next step.
    if (this.#waiting !== undefined) {
      this.#parts.door.wait(this.#parts.limits === undefined ? -1 : LONGER);
    }
  }

  /** See {@linkcode Steps}. */
  async waitApart({ output }: Pick<Wait, "output"> = {}): Promise<void> {
    if (this.#ended !== undefined) return;
    const { door, calls, tracee } = this.#parts;
    if (output) return await Promise.race([door.taken, tracee.end]);
    if (this.#waiting !== undefined) await door.waitApart(this.#asked);
    else await calls.nextApart(LONGER);
  }

  /** See {@linkcode Steps}. */
  attempt<T>(call: () => T): T {
    return call();
  }

  /** See {@linkcode Run}. */
  kill(): void {
    this.#parts.tracee.kill();
  }

  /** See {@linkcode Run}. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { tracee, resources } = this.#parts;
    if (this.#ended !== undefined) return;
    tracee[Symbol.dispose]();
    resources[Symbol.dispose]();
    await Promise.resolve();
  }

  #goOn(): void {
    const { tracee } = this.#parts;
    if (this.#suspended) return tracee.listen();
    tracee.goOn(this.#signal);
    this.#signal = 0;
  }

  /** Waits a moment for the next call. */
  #next(): boolean {
    const { calls } = this.#parts;
    // After an answered instruction, the next may be near: that is no call, so nobody would wake this thread.
    if (--this.#tries > 0) return calls.next(0);
    this.#tries = 0;
    return calls.next(PATIENCE);
  }

  #serve(): void {
    const { calls, door } = this.#parts;
    if (calls.number === CALLS.exit_group) {
      this.#tried(() => door.ending());
      calls.letDo();
      this.#tries = TRIES;
      return;
    }
    this.#waiting = this.#tried(() => door.answer(this.#asked));
  }

  /** Does something with the guest, which may have been killed meanwhile: then its end is the next stop. */
  #tried<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      const { tracee } = this.#parts;
      if (error instanceof SystemError && (error.errno === ERRNO.ESRCH || tracee.killed)) {
        return undefined;
      }
      throw error;
    }
  }

  /** Sees its next stop; returns whether there was one. */
  #look(): boolean {
    const stop = this.#parts.tracee.next(0n);
    if (stop === undefined) return this.#tries > 0;
    this.#suspended = false;
    this.#see(stop);
    return true;
  }

  #see(stop: TraceeStop): void {
    switch (stop.kind) {
      case "signal":
        this.#tried(() => this.#signalled(stop.signal));
        return;
      case "suspended":
        this.#suspended = true;
        return;
      case "exited":
      case "killed":
        this.#end(stop);
    }
  }

  #signalled(signal: number): void {
    const { tracee, sites, door, recorder } = this.#parts;
    this.#tries = TRIES;
    if (signal === SIGSEGV && recorder?.leave(tracee)) return;
    if (signal === SIGSEGV && isAnswerable(tracee, sites)) {
      if (door.paused) this.#held = "instruction";
      else this.#answerInstruction();
      return;
    }
    this.#signal = signal;
    door.ending();
  }

  #answerInstruction(): void {
    const { tracee, sites, door } = this.#parts;
    this.#tried(() => answerInstruction(tracee, { sites, answers: door }));
  }

  /** The registers of a guest that is paused, before what it is about to ask. */
  #registers(): GeneralRegisters {
    const { tracee } = this.#parts;
    if (this.#held === undefined) {
      throw new TenderError("guest", "the guest is not paused, and cannot be captured");
    }
    if (this.#held === "taken back") return beforeCall(tracee.registers());
    if (this.#held === "call") {
      // The kernel takes its call back, and lets it make the call again.
      tracee.interrupt();
      while (tracee.next(ATTENTION)?.kind !== "interrupted") {
        if (tracee.killed) throw new TenderError("guest", "the guest has ended");
      }
      this.#held = "taken back";
      return beforeCall(tracee.registers());
    }
    return { ...tracee.registers(), originalRax: NO_CALL };
  }

  #end(end: ProcessEnd): void {
    const { limits, resources, door } = this.#parts;
    const outcome = processOutcome(end, this.#parts.complaint());
    try {
      const told = door.ended(limits?.outcome(outcome) ?? outcome);
      this.#ended = { kind: "ended", outcome: told };
    } finally {
      this.#ended ??= { kind: "ended", outcome };
      resources[Symbol.dispose]();
      this.#resolve(this.#ended.outcome);
    }
  }
}
