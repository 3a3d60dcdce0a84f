/**
 * Traced guests of `tests/guests/`, as tests run them.
 *
 * @module
 */
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { run } from "../../../tender/run/event_loop.ts";
import type { StepOptions } from "../../../tender/run/options.ts";
import type { Stop } from "../../../tender/run/run.ts";
import type { TracedRun } from "../../../tender/spt/traced/run.ts";
import { loadTender } from "../../../tender/spt/tender.ts";
import { guest } from "../../guests.ts";

export const MEMORY = 4 * 2 ** 20;

/** What a guest is bound to. */
export interface Bound {
  readonly args?: readonly string[];
  readonly devices?: Readonly<Record<string, Device>>;
  readonly memorySize?: number;
}

/** Binds a guest that prints nothing but its own output. */
export async function bound(name: string, options: Bound = {}): Promise<Guest> {
  const { args = [], devices = {}, memorySize = MEMORY } = options;
  const unikernel = parseUnikernel(Deno.readFileSync(await guest(name, "spt")), {
    name: `${name}.spt`,
  });
  return bind(unikernel, { memory: memorySize, args: ["--solo5:quiet", ...args], devices });
}

/** A traced guest, and what it has printed, a character for each byte. */
export interface Traced extends AsyncDisposable {
  readonly run: TracedRun;
  readonly output: string;
}

/** Starts a traced guest. */
export async function startTraced(guest: Guest, options: StepOptions = {}): Promise<Traced> {
  const tender = await loadTender(guest.devices.map(({ device }) => device));
  using host = tender.open(guest);
  const image = tender.compile(guest, host.facts, { parent: Deno.pid, traced: true });
  const decoder = new TextDecoder("latin1");
  let output = "";
  const console = (bytes: Uint8Array) => void (output += decoder.decode(bytes, { stream: true }));
  const run = await host.start(image, { console, ...options }) as TracedRun;
  return {
    run,
    get output() {
      return output;
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}

/** Steps a guest to its end; returns how it ended, and how many system calls it made until then. */
export function toEnd(
  { run }: Traced,
  { budget = 1 }: { budget?: number } = {},
): { outcome: Outcome; steps: number } {
  for (let steps = 0;;) {
    const stop = run.step(budget);
    if (stop.kind === "ended") return { outcome: stop.outcome, steps };
    if (stop.kind === "wait") run.wait(stop);
    else steps++;
  }
}

const NEVER = 2n ** 64n - 1n;

/** Steps a guest as long as it only computes, which it may do for any time on a busy machine. */
export function stepOn({ run }: Traced, budget?: number): Stop {
  for (;;) {
    const stop = run.step(budget);
    if (stop.kind !== "wait" || stop.output || stop.deadline !== NEVER) return stop;
    run.wait(stop);
  }
}

/** Steps a guest until it has made so many system calls. */
export function stepCalls(traced: Traced, calls: number): void {
  for (let made = 0; made < calls;) {
    const stop = traced.run.step(1);
    if (stop.kind === "ended") throw new Error(`ended after ${made} calls`);
    if (stop.kind === "wait") traced.run.wait(stop);
    else made++;
  }
}

/** Runs a traced guest beside other work. */
export function runTraced(guest: Guest, options: StepOptions = {}): Promise<Outcome> {
  const traced: StepOptions = { console: () => {}, ...options, traced: true };
  return run(guest, traced);
}
