/**
 * Many guests at once: unikernels are prepared once, and started as often as one likes.
 *
 * @module
 */
import type { Unikernel } from "../elftool/unikernel.ts";
import type { CloneOptions, Clones, Prepared, PrepareOptions } from "../tender/clones.ts";
import { TenderError } from "../tender/error.ts";
import { bind, type TenderTarget } from "../tender/guest.ts";
import { checkLimits } from "../tender/limits.ts";
import type { RunOptions } from "../tender/run/options.ts";
import { type OutputStream, outputStream, STREAM_SIZE } from "../tender/run/output_stream.ts";
import { run } from "../tender/run/event_loop.ts";
import type { Run } from "../tender/run/run.ts";
import { bytesOf, type Size } from "../tender/size.ts";
import { targetOf } from "../tender/targets.ts";
import { Admission, closed, type Place } from "./admission.ts";
import { PoolError } from "./error.ts";
import { type PooledGuest, PoolGuest } from "./guest.ts";

/** The bounds of a pool. What is not given has none. */
export interface PoolOptions {
  /** Guests that are alive at once. */
  readonly guests?: number;
  /** Memory that all guests together may use; each counts with all that it was given. */
  readonly memory?: Size;
  /** Starts that wait for one of these. */
  readonly queue?: {
    /** How many; 0 for none. */
    readonly length?: number;
    /** How long each, in milliseconds. */
    readonly timeout?: number;
  };
}

/** How to start one guest. */
export interface PoolStartOptions extends CloneOptions, Pick<RunOptions, "record"> {
  /** Kills the guest when it is aborted; one that waits is not started. Its outcome then is signal 9. */
  readonly signal?: AbortSignal;
  /** See `SpawnOptions`: for a guest whose console is a stream. */
  readonly highWaterMark?: Size;
}

/** What a pool does, and has done. */
export interface PoolStats {
  /** Guests that are alive. */
  readonly alive: number;
  /** Starts that wait. */
  readonly waiting: number;
  /** Memory that the guests may use together, in bytes. */
  readonly memory: number;
  /** Guests that were started, since the pool was made. */
  readonly started: number;
  /** Guests that have ended, those that were killed too. */
  readonly ended: number;
  /** Starts that a bound kept from starting, or that waited too long. */
  readonly refused: number;
}

/** A unikernel that a pool can start. To dispose of it leaves guests alone that were started. */
export interface PoolImage extends Disposable {
  /** Its unikernel. */
  readonly unikernel: Unikernel;
  /** Memory of each of its guests, in bytes. */
  readonly memory: number;
}

/**
 * Starts guests and ends them, by the thousand. It belongs to the thread that made it, and its guests end
 * with that thread, however it ends.
 *
 * ```ts
 * import { build, parseUnikernel, Pool } from "../mod.ts";
 *
 * const output = await Deno.makeTempFile({ suffix: ".spt" });
 * await build({ sources: ["examples/hello/hello.c"], targets: ["spt"], output });
 * const unikernel = parseUnikernel(await Deno.readFile(output), { name: "hello.spt" });
 * await Deno.remove(output);
 * await using pool = new Pool({ guests: 8, queue: { length: 100, timeout: 10_000 } });
 * const image = await pool.prepare(unikernel, { memory: "16 MiB" });
 * const texts = await Promise.all(["one", "two", "three"].map(async (word) => {
 *   await using guest = pool.start(image, { args: [word], limits: { timeout: 10_000 } });
 *   return await new Response(guest.console).text();
 * }));
 * if (!texts[2]!.includes("Command line: 'three'")) throw new Error(texts[2]);
 * ```
 */
export class Pool implements AsyncDisposable {
  readonly #admission: Admission;
  readonly #clones = new Map<TenderTarget, Promise<Clones>>();
  readonly #prepared = new Map<PoolImage, { prepared: Prepared; options: PrepareOptions }>();
  readonly #guests = new Set<PooledGuest>();
  #closed = false;
  #started = 0;
  #ended = 0;

  /**
   * Makes a pool; it takes nothing of the machine until a unikernel is prepared.
   *
   * @throws {TenderError} "option" for a bound that is none
   */
  constructor({ guests, memory, queue = {} }: PoolOptions = {}) {
    this.#admission = new Admission({
      guests: count(guests, "guests", { least: 1 }),
      memory: memory === undefined ? Infinity : bytesOf(memory, "memory"),
      waiting: count(queue.length, "queue.length"),
      patience: count(queue.timeout, "queue.timeout"),
    });
  }

  /**
   * Prepares a unikernel: what all its guests have in common is made now, and once.
   *
   * @throws {TenderError} "target" if its target has no guests that are started often; else as `bind` does,
   * but for devices
   * @throws {SystemError} if there is no memory to hold it
   */
  async prepare(unikernel: Unikernel, options: PrepareOptions = {}): Promise<PoolImage> {
    if (this.#closed) throw closed();
    const prepared = await (await this.#clonesOf(unikernel)).prepare(unikernel, options);
    const image: PoolImage = {
      unikernel,
      memory: prepared.memorySize,
      [Symbol.dispose]: () => {
        if (this.#prepared.delete(image)) prepared[Symbol.dispose]();
      },
    };
    this.#prepared.set(image, { prepared, options });
    return image;
  }

  /**
   * Starts a guest of an image of this pool, and comes back at once: the guest waits where it has to. One
   * that is recorded (`record`) begins as a guest of `run` does, which takes longer.
   *
   * @returns the guest; where it cannot be started, `started` and `outcome` reject: with a
   * {@linkcode PoolError} if a bound is reached, or as `run` does
   */
  start(image: PoolImage, options: PoolStartOptions = {}): PooledGuest {
    const { signal, highWaterMark, console, ...others } = options;
    const stream = console === undefined
      ? outputStream(bytesOf(highWaterMark ?? STREAM_SIZE, "highWaterMark"))
      : undefined;
    const guest = new PoolGuest({
      signal,
      stream: stream ?? NO_OUTPUT,
      enter: () => this.#enter(image),
      start: () => this.#run(image, { ...others, console: stream?.take ?? console }),
      left: () => this.#admission.leave(image.memory),
    });
    this.#guests.add(guest);
    const forget = () => this.#guests.delete(guest);
    guest.outcome.then(forget, forget);
    return guest;
  }

  /** What it does, and has done. */
  stats(): PoolStats {
    const { guests: alive, waiting, memory, refused } = this.#admission;
    return {
      alive,
      waiting,
      memory,
      started: this.#started,
      ended: this.#ended,
      refused,
    };
  }

  /** Kills all its guests, and waits for their ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#admission.close();
    await Promise.all(Array.from(this.#guests, (guest) => guest[Symbol.asyncDispose]()));
    for (const image of [...this.#prepared.keys()]) image[Symbol.dispose]();
    for (const clones of this.#clones.values()) (await clones)[Symbol.dispose]();
    this.#clones.clear();
  }

  #enter(image: PoolImage): Place | undefined {
    if (this.#closed) throw closed();
    return this.#admission.enter(image.memory);
  }

  #run(image: PoolImage, { record, ...options }: CloneOptions & Pick<RunOptions, "record">): Run {
    const known = this.#prepared.get(image);
    if (known === undefined) {
      throw new PoolError("closed", "the image was disposed of, or is another pool's");
    }
    if (options.limits !== undefined) checkLimits(options.limits);
    const run = record === undefined
      ? known.prepared.start(options)
      : recorded(image.unikernel, { ...known.options, ...options, record });
    this.#started++;
    const ended = () => this.#ended++;
    run.outcome.then(ended, ended);
    return run;
  }

  #clonesOf(unikernel: Unikernel): Promise<Clones> {
    const { id, clones } = targetOf(unikernel);
    if (clones === undefined) {
      throw new TenderError("target", `${unikernel.name}: pools start no guests of ${id}`);
    }
    const known = this.#clones.get(id) ?? clones();
    this.#clones.set(id, known);
    return known;
  }
}

/** Starts a guest that is recorded: no clone is. */
function recorded(
  unikernel: Unikernel,
  options: PrepareOptions & CloneOptions & Pick<RunOptions, "record">,
): Run {
  const { memory, executableHeap, args, devices, ...others } = options;
  const guest = bind(unikernel, { memory, executableHeap, args, devices });
  const killer = new AbortController();
  const kill = () => killer.abort();
  const outcome = run(guest, { ...others, signal: killer.signal });
  return {
    outcome,
    kill,
    async [Symbol.asyncDispose]() {
      kill();
      await outcome.catch(() => {});
    },
  };
}

/** The console of a guest whose output goes elsewhere; it is made if somebody asks for it. */
const NO_OUTPUT: Pick<OutputStream, "readable" | "end"> = {
  get readable() {
    return new ReadableStream({ start: (none) => none.close() });
  },
  end() {},
};

/** Reads a bound. */
function count(given: number | undefined, option: string, { least = 0 } = {}): number {
  if (given === undefined) return Infinity;
  if (Number.isSafeInteger(given) && given >= least) return given;
  throw new TenderError(
    "option",
    `${option}: expected a whole number of at least ${least}, not ${given}`,
  );
}
