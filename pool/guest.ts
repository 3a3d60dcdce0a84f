/**
 * A guest of a pool: it waits for its turn, runs and ends.
 *
 * @module
 */
import { KILLED, type Outcome } from "../tender/outcome.ts";
import type { OutputStream } from "../tender/run/output_stream.ts";
import type { Run } from "../tender/run/run.ts";
import type { RunningGuest } from "../tender/run/spawn.ts";
import type { Place } from "./admission.ts";

/** A guest of a pool. To dispose of it kills it, and waits for its end. */
export interface PooledGuest extends RunningGuest {
  /** Is resolved when it has been started; rejects, as `outcome` does, if it is not. */
  readonly started: Promise<void>;
}

/** What a guest needs of its pool. */
interface Parts {
  readonly signal: AbortSignal | undefined;
  readonly stream: Pick<OutputStream, "readable" | "end">;
  /** Asks to start it; undefined if it may start at once. */
  enter(): Place | undefined;
  start(): Run;
  /** Is told when one has ended that was admitted. */
  left(): void;
}

/** See {@linkcode PooledGuest}. */
export class PoolGuest implements PooledGuest {
  readonly started: Promise<void>;
  readonly outcome: Promise<Outcome>;
  readonly #parts: Parts;
  readonly #start: PromiseWithResolvers<void> = Promise.withResolvers();
  #console: ReadableStream<Uint8Array> | undefined;
  #killed = false;
  #begun = false;
  /** Kills it, whatever it does now. */
  #stop: (() => void) | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.started = this.#start.promise;
    this.outcome = this.#live();
    // Whoever asks for it sees the error; nobody has to.
    const nobody = () => {};
    this.started.catch(nobody);
    this.outcome.catch(nobody);
  }

  get console(): ReadableStream<Uint8Array> {
    return this.#console ??= this.#parts.stream.readable;
  }

  readonly kill = (): void => {
    this.#killed = true;
    this.#stop?.();
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.outcome.catch(() => {});
  }

  async #live(): Promise<Outcome> {
    const { signal, stream } = this.#parts;
    signal?.addEventListener("abort", this.kill);
    try {
      return signal?.aborted ? KILLED : await this.#admitted();
    } catch (error) {
      this.#start.reject(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", this.kill);
      stream.end();
      if (!this.#begun) this.#start.reject(new DOMException("it was killed first", "AbortError"));
    }
  }

  /** Runs it when it is its turn. */
  async #admitted(): Promise<Outcome> {
    const { enter, left } = this.#parts;
    const place = enter();
    if (place !== undefined && !await this.#wait(place)) return KILLED;
    try {
      return await this.#run();
    } finally {
      left();
    }
  }

  /** Waits for its turn. Returns whether it has come: not if it was killed. */
  async #wait(place: Place): Promise<boolean> {
    const killed = new Promise<boolean>((resolve) => this.#stop = () => resolve(false));
    const turn = await Promise.race([place.turn.then(() => true), killed]);
    if (!turn) place.leave();
    return turn;
  }

  async #run(): Promise<Outcome> {
    if (this.#killed) return KILLED;
    const run = this.#parts.start();
    this.#stop = () => run.kill();
    this.#begun = true;
    this.#start.resolve();
    try {
      return await run.outcome;
    } finally {
      await run[Symbol.asyncDispose]();
    }
  }
}
