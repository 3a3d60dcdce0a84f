/**
 * Runs a guest while this process stays: with observers and limits, confined or not. What a run does not
 * need is not loaded.
 *
 * @module
 */
import type { CoreFile } from "../tender/crash.ts";
import type { Guest } from "../tender/guest.ts";
import type { MachineOptions } from "../tender/hvt/machine.ts";
import type { Limits } from "../tender/limits.ts";
import * as outcomes from "../tender/outcome.ts";
import { runBlocking } from "../tender/run/blocking.ts";
import type { Attempt, Captured, Run, Steps } from "../tender/run/run.ts";
import type { Asked, Tender } from "../tender/target.ts";
import type { Observation } from "./observe_words.ts";
import { sayAtLast } from "./run_output.ts";

/** How to run a guest. */
export interface GuestRun {
  /** The tender for it. */
  readonly tender: Tender;
  /** What is asked for. */
  readonly asked: Asked;
  /** Path of the unikernel, for gdb. */
  readonly file: string;
  /** The name at the beginning of lines about the run; `soloden` if not given. */
  readonly program?: string;
  /** Describes an outcome in one line, if it needs one; {@linkcode outcomes.describe} if not given. */
  readonly describe?: (outcome: outcomes.Outcome) => string | undefined;
  /** Where the guest goes on, in place of its beginning. */
  readonly from?: Captured;
  /** Whether a crash is explained; it is if not given. */
  readonly explained?: boolean;
}

const UNCONFINED =
  "soloden: WARNING: --no-confine: the tender keeps all its rights while the guest runs; " +
  "whatever breaks out of the guest has them";

/**
 * Runs a guest to its end. This process then ends with the guest's status.
 *
 * @throws {TenderError} if this host cannot run it or does not have a device, or "option" for a wrong
 * value of an option
 */
export async function runToEnd(guest: Guest, options: GuestRun): Promise<void> {
  const { tender, asked, program = "soloden", explained, from } = options;
  const confined = asked.confinement.length === 0;
  const machine = await machineOf(asked);
  await tender.check(asked);
  const limits = await limitsOf(asked);
  // Outputs are made before there is a run that can be interrupted.
  const begun: { steps?: Steps } = {};
  const attempt: Attempt = (call) => begun.steps === undefined ? call() : begun.steps.attempt(call);
  using outputs = new DisposableStack();
  const observation = await observationOf(guest, asked);
  if (observation?.gdb !== undefined && tender.debug !== undefined) {
    Deno.exitCode = await tender.debug(guest, options.file);
    return;
  }
  const observed = observation && (await import("./run_observed.ts"))
    .tellPeople(observation, { guest, program, confined, limits, attempt, outputs });
  if (!confined) console.error(UNCONFINED);
  const debugged = observation?.gdb !== undefined;
  using host = tender.open(guest, { emulator: machine?.emulator, debugged });
  const recorded = observed?.record !== undefined;
  const how = { ...machine, program, parent: Deno.pid, recorded, from };
  const launch = tender.compile(guest, host.facts, how);
  await using run = await host.start(launch, {
    confined,
    explained,
    limits,
    ...observed,
  });
  const { steps } = run;
  begun.steps = steps;
  const outcome = steps === undefined
    ? await untilSignal(run)
    : observation?.suspend === undefined
    ? runBlocking(steps)
    : await untilSuspended(guest, steps, { path: observation.suspend, program });
  if (outcome === undefined) return;
  await endAs(outcome, { ...options, attempt: steps && attempt });
}

/** Runs a guest until it ends; undefined if it was suspended before. */
async function untilSuspended(
  guest: Guest,
  steps: Steps,
  { path, program }: { path: string; program: string },
): Promise<outcomes.Outcome | undefined> {
  const { runUntilSuspended } = await import("./suspend.ts");
  const say = (line: string) => console.error(`${program}: ${line}`);
  return await runUntilSuspended(guest, steps, { path, say });
}

/** The limits that are asked for. */
async function limitsOf({ limits }: Asked): Promise<Limits | undefined> {
  if (limits.length === 0) return undefined;
  const { readLimits } = await import("./limit_words.ts");
  return readLimits(limits);
}

/** The options of the virtual machine. */
async function machineOf({ machine }: Asked): Promise<MachineOptions | undefined> {
  if (machine.length === 0) return undefined;
  const { readMachine } = await import("./machine_words.ts");
  return readMachine(machine);
}

/** What to show of the run. */
async function observationOf(guest: Guest, { observe }: Asked): Promise<Observation | undefined> {
  if (observe.length === 0) return undefined;
  const { readObservation } = await import("./observe_words.ts");
  return readObservation(observe, guest);
}

/** Signals that end the guest and this process. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/** Waits for the end of a guest that runs by itself; a signal to this process ends it. */
async function untilSignal(run: Run): Promise<outcomes.Outcome> {
  const { ignoreDebuggerSignal } = await import("../linux/debugger_signal.ts");
  ignoreDebuggerSignal();
  let ended: outcomes.Outcome | undefined;
  const listeners = Object.entries(SIGNALS).map(([name, signal]) => {
    const end = () => {
      ended ??= { kind: "signal", signal };
      run.kill();
    };
    return [name as Deno.Signal, end] as const;
  });
  for (const [name, end] of listeners) Deno.addSignalListener(name, end);
  try {
    const outcome = await run.outcome;
    return ended ?? outcome;
  } finally {
    for (const [name, end] of listeners) Deno.removeSignalListener(name, end);
  }
}

/** Prints what there is to say about an outcome, and sets the exit status of this process. */
export async function endAs(
  outcome: outcomes.Outcome,
  { program = "soloden", describe = outcomes.describe, attempt }:
    & Pick<GuestRun, "program" | "describe">
    & { attempt?: Attempt },
): Promise<void> {
  const core = "core" in outcome ? outcome.core : undefined;
  const lines = [core && coreText(core), describe(outcome)]
    .flatMap((text) => text === undefined ? [] : [`${program}: ${text}`]);
  for (const line of lines) {
    // The guest's time may be over because nobody reads the output that this writes to.
    if (attempt !== undefined) sayAtLast(line, { attempt });
    else if (outcome.kind === "limit") {
      const { sayBriefly } = await import("../linux/write_apart.ts");
      await sayBriefly(`${line}\n`);
    } else console.error(line);
  }
  Deno.exitCode = outcomes.statusOf(outcome);
}

function coreText({ path, error }: CoreFile): string {
  return error === undefined ? `core dumped: ${path}` : `cannot dump core: ${error}`;
}
