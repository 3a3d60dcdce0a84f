/**
 * The driver of programs: a guest goes on beside other work, and its end comes as a value. What this
 * needs of the host is loaded when a guest is started.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import { KILLED, type Outcome } from "../outcome.ts";
import { targetOf } from "../targets.ts";
import type { RunOptions } from "./options.ts";
import type { Run, Steps } from "./run.ts";

/** A guest that runs. */
export interface RunningGuest extends AsyncDisposable {
  /** What it prints; read it or cancel it. */
  readonly console: ReadableStream<Uint8Array>;
  /** How it ends. */
  readonly outcome: Promise<Outcome>;
  /** Kills it, if it has not ended. */
  kill(): void;
}

/**
 * Runs a guest to its end. A guest of spt is a process of its own; one of hvt computes on this thread,
 * and holds nothing up while it waits.
 *
 * @throws {TenderError} if this host cannot run it, or does not have a device as asked; "option" for a
 * limit that is none, or for observers where there can be none
 * @throws {ElfError} "file" if there is no directory for a core file
 * @throws {SystemError} if the host has no memory for it
 * @throws whatever the function that takes its output throws; the guest is killed then
 */
export async function run(guest: Guest, options: RunOptions = {}): Promise<Outcome> {
  if (options.limits !== undefined) {
    const { checkLimits } = await import("../limits.ts");
    checkLimits(options.limits);
  }
  if (options.signal?.aborted) return KILLED;
  const tender = await targetOf(guest.unikernel).load(guest.devices.map(({ device }) => device));
  using host = tender.open(guest);
  const launch = tender.compile(guest, host.facts, { cpu: options.cpu, parent: Deno.pid });
  await using started = await host.start(launch, options);
  return await runApart(started, options.signal);
}

/** Runs a guest that was started to its end; killed when `signal` is aborted. */
export async function runApart(run: Run, signal?: AbortSignal): Promise<Outcome> {
  const kill = () => run.kill();
  signal?.addEventListener("abort", kill);
  try {
    if (signal?.aborted) kill();
    if (run.steps !== undefined) await stepApart(run.steps);
    return await run.outcome;
  } finally {
    signal?.removeEventListener("abort", kill);
  }
}

/** Times that a guest may leave its CPU before others have their turn. */
const TURN = 1000;

async function stepApart(steps: Steps): Promise<void> {
  for (;;) {
    const stop = steps.step(TURN);
    if (stop.kind === "ended") return;
    await (stop.kind === "wait" ? steps.waitApart(stop) : othersTurn());
  }
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Starts a guest and comes back at once.
 *
 * @returns the guest; to dispose of it kills it. Where it cannot be started at all, its `outcome`
 * rejects as {@linkcode run} does
 */
export function spawn(
  guest: Guest,
  options: Omit<RunOptions, "console" | "signal"> = {},
): RunningGuest {
  const killer = new AbortController();
  const output = new TransformStream<Uint8Array, Uint8Array>(
    undefined,
    undefined,
    // What a guest printed is kept until it is read: it cannot be made to wait.
    { highWaterMark: Infinity },
  );
  const writer = output.writable.getWriter();
  const nobody = () => {};
  writer.closed.catch(nobody);
  const outcome = run(guest, {
    ...options,
    console: (bytes) => void writer.write(bytes.slice()).catch(nobody),
    signal: killer.signal,
  }).finally(() => writer.close().catch(nobody));
  // Whoever asks for it sees the error; nobody has to.
  outcome.catch(nobody);
  const kill = () => killer.abort();
  return {
    console: output.readable,
    outcome,
    kill,
    [Symbol.asyncDispose]: () => {
      kill();
      return outcome.then(nobody, nobody);
    },
  };
}
