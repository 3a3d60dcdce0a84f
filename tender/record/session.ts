/**
 * A replay that goes to any place of its recording, back as well as forwards: to the last checkpoint before
 * the place, and on from there.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import type { Outcome } from "../outcome.ts";
import type { TakeOutput } from "../run/options.ts";
import type { Run, Steps, Stop } from "../run/run.ts";
import { type Checkpoint, checkpointsOf, withCheckpoints } from "./checkpoints.ts";
import type { ExpectedInputs } from "./expected.ts";
import type { Recording } from "./recording.ts";
import { startReplay } from "./replay.ts";
import { SharedPages } from "./shared_pages.ts";

/** How to open a session. */
export interface SessionOptions {
  /** Takes what the guest prints, each time that it is replayed; nobody if not given. */
  readonly console?: TakeOutput;
  /** How many inputs there are between two checkpoints; 20,000 if not given. */
  readonly every?: number;
}

/** How many inputs a guest of spt gets in some tenths of a second. */
const EVERY = 20_000;
/** Where an end is looked for: further than any recording goes. */
const END = Number.MAX_SAFE_INTEGER;

/** See the module. It begins before the guest's first instruction. */
export class ReplaySession implements AsyncDisposable {
  readonly #recording: Recording;
  readonly #console: TakeOutput;
  readonly #every: number;
  /** Ascending. */
  readonly #checkpoints: Checkpoint[];
  readonly #pages = new SharedPages();
  #run: Run | undefined;
  #inputs: ExpectedInputs | undefined;
  #outcome: Outcome | undefined;

  /**
   * A session about a recording, which may have checkpoints of an earlier one. Nothing is started before
   * the first {@linkcode seek}.
   *
   * @throws {TenderError} "recording" if its checkpoints are damaged
   */
  constructor(recording: Recording, { console = () => {}, every = EVERY }: SessionOptions = {}) {
    this.#checkpoints = checkpointsOf(recording);
    this.#recording = recording;
    this.#console = console;
    this.#every = every;
  }

  /** How many inputs the guest has got. */
  get input(): number {
    return this.#inputs?.taken ?? 0;
  }

  /** How the guest ended, if it has. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** The run of the guest, as it is now; undefined before the first {@linkcode seek}. */
  get run(): Run | undefined {
    return this.#run;
  }

  /** The checkpoints that there are by now. */
  get checkpoints(): readonly Checkpoint[] {
    return this.#checkpoints;
  }

  /**
   * Goes to the place where the guest has got so many inputs, or has ended.
   *
   * @throws {TenderError} as `replay` does
   */
  async seek(input: number): Promise<void> {
    const before = this.#checkpoints.findLast((checkpoint) => checkpoint.input <= input);
    const here = this.#run !== undefined && this.input <= input && this.#outcome === undefined;
    if (!here || (before?.input ?? 0) > this.input) await this.#start(before);
    while (this.input < input && this.#outcome === undefined) {
      const next = this.input - this.input % this.#every + this.#every;
      await this.#go(Math.min(input, next));
      if (this.input === next && this.#outcome === undefined) this.#keep();
    }
  }

  /** Goes to the end of the run. */
  async toEnd(): Promise<Outcome> {
    await this.seek(END);
    return this.#outcome!;
  }

  /** The recording's file, with the checkpoints that there are by now. */
  save(): Uint8Array<ArrayBuffer> {
    return withCheckpoints(this.#recording, this.#checkpoints);
  }

  /** Captures the guest where it is. */
  capture(): Checkpoint {
    const capture = this.#run?.steps?.capture;
    if (capture === undefined || this.#outcome !== undefined) {
      throw new TenderError(
        "guest",
        `${this.#recording.name}: nothing runs that could be captured`,
      );
    }
    const position = this.#inputs!.position;
    return { input: this.input, state: this.#pages.share(capture()), position };
  }

  /** Kills the guest. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run?.[Symbol.asyncDispose]();
    this.#run = undefined;
  }

  async #start(from: Checkpoint | undefined): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#outcome = undefined;
    this.#inputs = undefined;
    this.#run = await startReplay(this.#recording, {
      console: this.#console,
      capturable: true,
      from,
      begun: (inputs) => void (this.#inputs = inputs),
    });
    // Up to where it asks for the next input, which it can be captured at.
    await this.#go(this.input);
  }

  /** Goes on until the guest has got so many inputs. */
  async #go(input: number): Promise<void> {
    const { steps } = this.#run!;
    this.#inputs!.pauseAt = input;
    for (;;) {
      const stop = await this.#step(steps!);
      if (stop.kind === "ended") {
        this.#outcome = stop.outcome;
        return;
      }
      if (stop.kind === "wait") await steps!.waitApart(stop);
      else if (this.input >= input) return;
    }
  }

  async #step(steps: Steps): Promise<Stop> {
    try {
      return steps.step();
    } catch (error) {
      // The guest has asked for what nobody answers: nothing can go on from there.
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  #keep(): void {
    const last = this.#checkpoints.at(-1)?.input ?? 0;
    if (this.input > last) this.#checkpoints.push(this.capture());
  }
}
