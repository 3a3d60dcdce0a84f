/**
 * The run of a guest that is started often: its process is watched together with others.
 *
 * @module
 */
import type { Child } from "../../linux/child.ts";
import type { Watch, Watcher } from "../../linux/watch.ts";
import type { Outcome } from "../outcome.ts";
import type { TakeOutput } from "../run/options.ts";
import type { ProcessLimits } from "../run/process_limits.ts";
import type { Run } from "../run/run.ts";
import type { GuestPipe } from "./clone_pipes.ts";
import { processOutcome } from "./process.ts";

/** What a run consists of. It gives the pipes back. */
interface Parts {
  readonly child: Child;
  readonly watcher: Watcher;
  /** What it prints to, where that is taken here. */
  readonly output: GuestPipe | undefined;
  /** What its launch complains to. */
  readonly complaints: GuestPipe;
}

/** How to go on. */
interface Attendance {
  readonly take: TakeOutput | undefined;
  readonly limits: ProcessLimits | undefined;
  /** Whether what it prints counts. */
  readonly metered: boolean;
}

/** See {@linkcode Run}. */
export class CloneRun implements Run {
  /** Whether it was killed. */
  killed = false;
  readonly outcome: Promise<Outcome>;
  readonly #parts: Parts;
  readonly #settle: PromiseWithResolvers<Outcome>;
  #take: TakeOutput | undefined;
  #limits: ProcessLimits | undefined;
  #output: Watch | undefined;
  #process: Watch | undefined;
  /** Is resolved when the output is taken that it waits for. */
  #taken: Promise<void> | undefined;
  /** Goes on where a kill ends the wait for its output. */
  #release: (() => void) | undefined;
  #error: { readonly reason: unknown } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#settle = Promise.withResolvers();
    this.outcome = this.#settle.promise;
    // An error that nobody asks for must not end the program.
    this.outcome.catch(() => {});
  }

  /** Its process id. */
  get pid(): number {
    return this.#parts.child.pid;
  }

  /** Attends to it from now on. */
  begin({ take, limits, metered }: Attendance): void {
    const { child, watcher, output } = this.#parts;
    this.#limits = limits;
    this.#take = metered ? limits!.console(take) : take;
    this.#output = output &&
      watcher.watch(output.read, { ready: () => this.#read(), awaited: false });
    const ready = () => void this.#ended();
    this.#process = watcher.watch(child.descriptor, { ready, awaited: true });
  }

  kill(): void {
    this.killed = true;
    this.#release?.();
    this.#parts.child.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.outcome.catch(() => {});
  }

  /** Passes on what it has printed. */
  #read(): void {
    const bytes = this.#parts.output!.next();
    if (bytes === undefined) return;
    const taken = this.#pass(bytes);
    if (taken === undefined) return;
    this.#output!.pause();
    this.#taken = taken.then(() => {
      this.#taken = undefined;
      this.#output?.resume();
    });
  }

  /** Passes on bytes. Returns when they are taken, if that takes a while. */
  #pass(bytes: Uint8Array): Promise<void> | undefined {
    try {
      const taken = this.#take!(bytes) as PromiseLike<unknown> | undefined;
      if (typeof taken?.then !== "function") return undefined;
      return Promise.resolve(taken).then(() => {}, (reason) => this.#fail(reason));
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #fail(reason: unknown): void {
    this.#error ??= { reason };
    this.kill();
  }

  async #ended(): Promise<void> {
    const { child, output, complaints } = this.#parts;
    this.#process!.end();
    const end = child.end();
    this.#limits?.[Symbol.dispose]();
    if (output !== undefined) await this.#rest(output);
    const complaint = new TextDecoder().decode(complaints.next());
    complaints[Symbol.dispose]();
    this.#finish(processOutcome(end, complaint));
  }

  /** Passes on what is left of its output, and gives the pipe back. */
  async #rest(output: GuestPipe): Promise<void> {
    const killed = new Promise<void>((resolve) => this.#release = resolve);
    if (this.#taken !== undefined && !this.killed) await Promise.race([this.#taken, killed]);
    this.#output!.end();
    this.#output = undefined;
    for (let bytes; (bytes = output.next()) !== undefined;) {
      const taken = this.#pass(bytes);
      if (taken === undefined) continue;
      // What was printed before a kill is passed on, too, but nobody waits for those that take it.
      if (this.killed) break;
      await Promise.race([taken, killed]);
    }
    output[Symbol.dispose]();
  }

  #finish(outcome: Outcome): void {
    if (this.#error !== undefined) this.#settle.reject(this.#error.reason);
    else this.#settle.resolve(this.#limits?.outcome(outcome) ?? outcome);
  }
}
