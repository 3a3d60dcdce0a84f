/**
 * A replay that goes to any place of its recording, back as well as forwards: to the last checkpoint before
 * the place, and on from there.
 *
 * @module
 */
import { PAGE_SIZE } from "../../abi/solo5.ts";
import { TenderError } from "../error.ts";
import type { Outcome } from "../outcome.ts";
import type { TakeOutput } from "../run/options.ts";
import type { Captured, Run, Steps, Stop } from "../run/run.ts";
import type { ExpectedInputs, ReplayPosition } from "./expected.ts";
import type { Recording } from "./recording.ts";
import { startReplay } from "./replay.ts";

/** A place of a replay that it can go on from. Plain data. */
export interface Checkpoint {
  /** How many inputs the guest has got. */
  readonly input: number;
  /** The guest. */
  readonly state: Captured;
  /** The place in the recording. */
  readonly position: ReplayPosition;
}

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
  readonly #checkpoints: Checkpoint[] = [];
  /** The pages of the last one: the next has those that are the same, too. */
  #pages: ReadonlyMap<number, Uint8Array> = new Map();
  #run: Run | undefined;
  #inputs: ExpectedInputs | undefined;
  #outcome: Outcome | undefined;

  /** A session about a recording. Nothing is started before the first {@linkcode seek}. */
  constructor(recording: Recording, { console = () => {}, every = EVERY }: SessionOptions = {}) {
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
    return { input: this.input, state: this.#sharing(capture()), position };
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

  /** A state whose pages are those of the last one, where they are the same. */
  #sharing(state: Captured): Captured {
    const pages = new Map<number, Uint8Array>();
    const share = (address: number, bytes: Uint8Array) => {
      const known = this.#pages.get(address);
      const page = known !== undefined && isSame(known, bytes) ? known : bytes.slice();
      pages.set(address, page);
      return page;
    };
    const { contents, memory } = state as Captured & Pieces;
    const shared = {
      ...state,
      ...(contents && { contents: pagesOf(contents, "data", share) }),
      ...(memory && { memory: pagesOf(memory, "bytes", share) }),
    };
    this.#pages = pages;
    return shared;
  }
}

/** Where the targets' states have memory. */
interface Pieces {
  readonly contents?: readonly { readonly address: number; readonly data: Uint8Array }[];
  readonly memory?: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** Pieces of memory, page by page. */
function pagesOf<K extends string>(
  pieces: readonly (Record<"address", number> & Record<K, Uint8Array>)[],
  key: K,
  share: (address: number, bytes: Uint8Array) => Uint8Array,
): unknown[] {
  return pieces.flatMap((piece) => {
    const { address } = piece;
    const bytes = piece[key];
    const pages: unknown[] = [];
    for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
      const page = share(address + at, bytes.subarray(at, at + PAGE_SIZE));
      pages.push({ address: address + at, [key]: page });
    }
    return pages;
  });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
