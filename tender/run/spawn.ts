/**
 * Guests that go on by themselves, beside other work, with their output as a stream.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import type { Outcome } from "../outcome.ts";
import { bytesOf, type Size } from "../size.ts";
import { run } from "./event_loop.ts";
import type { RunOptions } from "./options.ts";
import { outputStream, STREAM_SIZE } from "./output_stream.ts";

/** A guest that runs. To dispose of it kills it, and waits for its end. */
export interface RunningGuest extends AsyncDisposable {
  /** What it prints; read it or cancel it. */
  readonly console: ReadableStream<Uint8Array>;
  /** How it ends. */
  readonly outcome: Promise<Outcome>;
  /** Kills it, if it has not ended. */
  kill(): void;
}

/** How to run a guest, and how much output to keep for it. */
export interface SpawnOptions extends Omit<RunOptions, "console"> {
  /**
   * How much output is kept that nobody has read yet; 64 KiB if not given. A guest that has printed as
   * much waits until it is read, or until its console is cancelled. On spt, the pipe that it prints to
   * holds 64 KiB more.
   */
  readonly highWaterMark?: Size;
}

/**
 * Starts a guest and comes back at once.
 *
 * ```ts
 * import { bind, build, parseUnikernel, spawn } from "../../mod.ts";
 *
 * const output = await Deno.makeTempFile({ suffix: ".spt" });
 * await build({ sources: ["examples/hello/hello.c"], targets: ["spt"], output });
 * const unikernel = parseUnikernel(await Deno.readFile(output), { name: "hello.spt" });
 * await Deno.remove(output);
 * await using guest = spawn(bind(unikernel), { highWaterMark: "1 MiB", limits: { timeout: 60_000 } });
 * const text = await new Response(guest.console).text();
 * const outcome = await guest.outcome;
 * if (outcome.kind !== "exit" || !text.includes("Hello")) throw new Error(text);
 * ```
 *
 * @returns the guest; where it cannot be started at all, its `outcome` rejects as {@linkcode run} does
 * @throws {TenderError} "option" if the size of what is kept is none
 */
export function spawn(guest: Guest, options: SpawnOptions = {}): RunningGuest {
  const { highWaterMark = STREAM_SIZE, signal, ...others } = options;
  const console = outputStream(bytesOf(highWaterMark, "highWaterMark"));
  const killer = new AbortController();
  const signals = signal === undefined ? [killer.signal] : [killer.signal, signal];
  const outcome = run(guest, {
    ...others,
    console: console.take,
    signal: AbortSignal.any(signals),
  }).finally(console.end);
  const nobody = () => {};
  // Whoever asks for it sees the error; nobody has to.
  outcome.catch(nobody);
  const kill = () => killer.abort();
  return {
    console: console.readable,
    outcome,
    kill,
    [Symbol.asyncDispose]: () => {
      kill();
      return outcome.then(nobody, nobody);
    },
  };
}
