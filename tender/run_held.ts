/**
 * Running a guest of spt that is held to limits: as a child of this process, which watches it. Its
 * processor time is counted by the kernel.
 *
 * @module
 */
import type { Guest } from "./guest.ts";
import { ConsoleMeter, limitReached, type Limits } from "./holding.ts";
import { STDOUT, writeAll } from "./host/console.ts";
import { check, libc } from "./host/libc.ts";
import { type Outcome, SIGPIPE } from "./outcome.ts";
import { run } from "./run.ts";

const RLIMIT_CPU = 0;
const SIGXCPU = 24;
/** Signals that end the guest together with this process. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/**
 * Runs a guest to its end, or to a limit.
 *
 * @throws {TenderError} as {@linkcode run} does
 */
export async function runHeld(guest: Guest, limits: Limits): Promise<Outcome> {
  const { timeout, cpuTime } = limits;
  const stop = new AbortController();
  const end = (outcome: Outcome) => stop.abort(outcome);
  const meter = new ConsoleMeter(limits);
  const begin = performance.now();
  if (cpuTime !== undefined) limitProcessorTime(cpuTime / 1000);
  const listeners = Object.entries(SIGNALS).map(([name, signal]) =>
    [name as Deno.Signal, () => end({ kind: "signal", signal })] as const
  );
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  const timer = timeout === undefined
    ? undefined
    : setTimeout(() => end(limitReached("timeout", limits)), timeout);
  try {
    const outcome = await run(guest, {
      signal: stop.signal,
      console: (bytes) => {
        if (stop.signal.aborted) return;
        const taken = meter.take(bytes.length, performance.now() - begin);
        const within = bytes.subarray(0, taken) as Uint8Array<ArrayBuffer>;
        if (!writeAll(STDOUT, within)) end({ kind: "signal", signal: SIGPIPE });
        else if (taken < bytes.length) end(limitReached("consoleRate", limits));
      },
    });
    if (stop.signal.aborted) return stop.signal.reason as Outcome;
    const exhausted = outcome.kind === "signal" && outcome.signal === SIGXCPU;
    return exhausted && cpuTime !== undefined ? limitReached("cpuTime", limits) : outcome;
  } finally {
    clearTimeout(timer);
    for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
  }
}

/** The guest inherits it; this process, which only passes on what the guest prints, is far from it. */
function limitProcessorTime(seconds: number): void {
  const { setrlimit } = libc({ setrlimit: { parameters: ["i32", "buffer"], result: "i32" } });
  // Two more, so that this process outlives a guest that ends at the first limit.
  check(
    setrlimit(RLIMIT_CPU, BigUint64Array.of(BigInt(seconds), BigInt(seconds) + 2n)),
    "setrlimit",
  );
}
