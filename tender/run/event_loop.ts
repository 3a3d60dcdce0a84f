/**
 * The driver of programs: a guest goes on beside other work, and its end comes as a value. What this
 * needs of the host is loaded when a guest is started.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import { KILLED, type Outcome } from "../outcome.ts";
import { targetOf } from "../targets.ts";
import type { RunOptions, StepOptions } from "./options.ts";
import type { Captured, Run, Steps } from "./run.ts";

/**
 * Runs a guest to its end. A guest of spt is a process of its own, and so is one of virtio in QEMU; one of
 * hvt, or of virtio on KVM, computes on this thread, and holds nothing up while it waits.
 *
 * @throws {TenderError} if this host cannot run it, or does not have a device as asked; "option" for a
 * limit that is none, or for what the guest's target does not have
 * @throws {ElfError} "file" if there is no directory for a core file
 * @throws {SystemError} if the host has no memory for it
 * @throws whatever the function that takes its output throws; the guest is killed then
 */
export async function run(guest: Guest, options: RunOptions = {}): Promise<Outcome> {
  if (options.signal?.aborted) {
    await checkLimits(options);
    return KILLED;
  }
  await using started = await start(guest, options);
  return await runApart(started);
}

/** Has a run go on to its end. */
export async function runApart({ steps, outcome }: Run): Promise<Outcome> {
  if (steps !== undefined) await stepApart(steps);
  return await outcome;
}

/**
 * Starts a guest. One of spt then goes on by itself, unless it is `traced`, and so does one of virtio in
 * QEMU; one of hvt, or of virtio on KVM, goes on when the program steps it, by `steps` of the run.
 *
 * ```ts
 * import { bind, build, parseUnikernel, start } from "../../mod.ts";
 *
 * const output = await Deno.makeTempFile({ suffix: ".spt" });
 * await build({ sources: ["examples/hello/hello.c"], targets: ["spt"], output });
 * const unikernel = parseUnikernel(await Deno.readFile(output), { name: "hello.spt" });
 * await Deno.remove(output);
 * let turns = 0;
 * await using run = await start(bind(unikernel), { console: () => {} });
 * if (run.steps !== undefined) {
 *   for (let stop = run.steps.step(100); stop.kind !== "ended"; stop = run.steps.step(100)) {
 *     // The guest has left its CPU a hundred times, or waits for input or for a moment.
 *     if (stop.kind === "wait") await run.steps.waitApart(stop);
 *     turns++;
 *   }
 * }
 * const outcome = await run.outcome;
 * if (outcome.kind !== "exit" || turns > 0) throw new Error(outcome.kind);
 * ```
 *
 * @returns the run; to dispose of it kills the guest, and gives back what the host lent it
 * @throws {TenderError | ElfError | SystemError} as {@linkcode run} does
 */
export async function start(guest: Guest, options: StepOptions = {}): Promise<Run> {
  await checkLimits(options);
  const tender = await targetOf(guest.unikernel).load(guest.devices.map(({ device }) => device));
  using resources = new DisposableStack();
  const { cpu, netRing, emulator, from } = options;
  const host = resources.use(tender.open(guest, { emulator }));
  if (from !== undefined) checkCaptured(from, guest);
  const traced = options.traced || options.capturable || from !== undefined;
  const recorded = options.record !== undefined;
  if (recorded && from !== undefined) {
    throw new TenderError("option", "record: a run that goes on from a capture is not recorded");
  }
  const how = { parent: Deno.pid, cpu, netRing, traced, from, recorded };
  const launch = tender.compile(guest, host.facts, how);
  const run = await host.start(launch, options);
  const kill = () => run.kill();
  options.signal?.addEventListener("abort", kill);
  if (options.signal?.aborted) kill();
  const lent = resources.move();
  return {
    outcome: run.outcome,
    steps: run.steps,
    kill,
    async [Symbol.asyncDispose]() {
      options.signal?.removeEventListener("abort", kill);
      using _ = lent;
      await run[Symbol.asyncDispose]();
    },
  };
}

function checkCaptured(captured: Captured, { unikernel: { name, abi } }: Guest): void {
  if (captured.target === abi.target) return;
  const message = `${name}: is for ${abi.target}, and what was captured is for ${captured.target}`;
  throw new TenderError("target", message);
}

async function checkLimits({ limits }: RunOptions): Promise<void> {
  if (limits === undefined) return;
  const { checkLimits } = await import("../limits.ts");
  checkLimits(limits);
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
