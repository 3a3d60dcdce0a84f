/**
 * Running a guest of spt beside other work, as a process of its own.
 *
 * @module
 */
import { EXIT } from "../../abi/solo5.ts";
import type { Guest } from "../guest.ts";
import { checkUnobserved } from "../observers.ts";
import { type Outcome, SIGNAL_STATUS } from "../outcome.ts";
import type { RunOptions } from "../run_options.ts";
import { compileGuest } from "./compile.ts";
import { spawnImage } from "./start.ts";

/**
 * Runs a guest to its end. However this ends, the guest has ended by then.
 *
 * @throws as {@linkcode run} does
 */
export async function runProcess(
  guest: Guest,
  { console, signal, limits, ...observers }: RunOptions,
): Promise<Outcome> {
  checkUnobserved(observers);
  const { ProcessLimits } = limits === undefined ? {} : await import("../process_limits.ts");
  const given = typeof console === "function" ? console : undefined;
  const piped = given !== undefined || limits?.consoleRate !== undefined;
  const process = new GuestProcess(
    await startProcess(guest, { stdout: piped ? "piped" : "inherit" }),
  );
  const { child } = process;
  const kill = () => process.kill();
  signal?.addEventListener("abort", kill);
  try {
    if (signal?.aborted) kill();
    using held = ProcessLimits && new ProcessLimits(limits!, process);
    const take = held?.console(given) ?? given;
    const [status, complaint] = await Promise.all([
      child.status,
      new Response(child.stderr).text(),
      piped && take !== undefined ? child.stdout.pipeTo(sinkOf(take)) : undefined,
    ]);
    const outcome = processOutcome(status, complaint);
    return held?.outcome(outcome) ?? outcome;
  } finally {
    signal?.removeEventListener("abort", kill);
    // Whatever this failed for, the guest does not outlive it.
    kill();
    await child.status;
  }
}

/** The process that a guest of spt is. */
class GuestProcess {
  readonly child: Deno.ChildProcess;
  /** Whether it was killed. */
  killed = false;

  constructor(child: Deno.ChildProcess) {
    this.child = child;
  }

  get pid(): number {
    return this.child.pid;
  }

  kill(): void {
    this.killed = true;
    try {
      this.child.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

async function startProcess(
  guest: Guest,
  options: { stdout: "inherit" | "piped" },
): Promise<Deno.ChildProcess> {
  using image = await compileGuest(guest, { parent: Deno.pid });
  return await spawnImage(image, options);
}

function sinkOf(take: (bytes: Uint8Array) => void | Promise<void>): WritableStream<Uint8Array> {
  return new WritableStream({ write: take });
}

/** What the end of a guest's process means. A guest has no standard error: what comes there is the launch's. */
function processOutcome({ code, signal }: Deno.CommandStatus, complaint: string): Outcome {
  if (signal !== null) return { kind: "signal", signal: code - SIGNAL_STATUS };
  const message = complaint.trim();
  if (message !== "") return { kind: "fault", reason: "host", message };
  return code === EXIT.ABORT ? { kind: "abort", trap: 0 } : { kind: "exit", status: code };
}
