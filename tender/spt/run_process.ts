/**
 * Running a guest of spt as a child process, while this process does other work.
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
 * Runs a guest to its end. The guest has ended when this returns or throws.
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
    // If this failed, the guest may still run.
    kill();
    await child.status;
  }
}

/** The process of a guest. */
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

/**
 * Reads how a guest's process ended. What is on its standard error, the launch wrote: the guest has
 * none.
 */
function processOutcome({ code, signal }: Deno.CommandStatus, complaint: string): Outcome {
  if (signal !== null) return { kind: "signal", signal: code - SIGNAL_STATUS };
  const message = complaint.trim();
  if (message !== "") return { kind: "fault", reason: "host", message };
  return code === EXIT.ABORT ? { kind: "abort", trap: 0 } : { kind: "exit", status: code };
}
