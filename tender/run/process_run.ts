/**
 * A guest that a child process runs, while this process does other work.
 *
 * @module
 */
import type { Outcome } from "../outcome.ts";
import type { RunOptions, TakeOutput } from "./options.ts";
import type { ProcessLimits } from "./process_limits.ts";
import type { Run } from "./run.ts";

/** How a target runs a guest as a process. */
export interface GuestProcess {
  /** Whether the process must not have this process's standard output, so that what it prints is passed on. */
  readonly apart?: boolean;
  /** Starts the process. It has nothing to read, and its standard error is piped. */
  spawn(stdout: "piped" | "inherit"): Promise<Deno.ChildProcess>;
  /**
   * Says how the guest ended.
   *
   * @param complaint what is on the process's standard error
   */
  outcome(status: Deno.CommandStatus, complaint: string): Outcome;
}

/**
 * Starts a guest.
 *
 * @throws {SystemError} if the kernel does not limit the process
 * @throws whatever `spawn` throws
 */
export async function startProcess(
  guest: GuestProcess,
  { console, limits }: Pick<RunOptions, "console" | "limits">,
): Promise<Run> {
  const given = typeof console === "function" ? console : undefined;
  const apart = guest.apart === true && given === undefined;
  const { ProcessLimits } = limits === undefined && !apart
    ? {}
    : await import("./process_limits.ts");
  const piped = apart || given !== undefined || limits?.consoleRate !== undefined;
  const child = await guest.spawn(piped ? "piped" : "inherit");
  const run = new ProcessRun(child, guest);
  try {
    const held = ProcessLimits && new ProcessLimits(limits ?? {}, run);
    run.attend(piped ? held?.console(given) ?? given : undefined, held);
    return run;
  } catch (error) {
    await run[Symbol.asyncDispose]();
    throw error;
  }
}

/** See {@linkcode Run}. */
class ProcessRun implements Run {
  /** Whether it was killed. */
  killed = false;
  readonly outcome: Promise<Outcome>;
  readonly #child: Deno.ChildProcess;
  readonly #guest: GuestProcess;
  readonly #settle: (outcome: Promise<Outcome>) => void;
  /** Is resolved when it is killed. */
  readonly #untilKilled: Promise<void>;
  readonly #release: () => void;

  constructor(child: Deno.ChildProcess, guest: GuestProcess) {
    this.#child = child;
    this.#guest = guest;
    ({ promise: this.outcome, resolve: this.#settle } = Promise.withResolvers<Outcome>());
    ({ promise: this.#untilKilled, resolve: this.#release } = Promise.withResolvers<void>());
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for its end, and has its output taken until then. */
  attend(take: TakeOutput | undefined, limits: ProcessLimits | undefined): void {
    const outcome = this.#end(take, limits);
    // An error that nobody asks for must not end the program.
    outcome.catch(() => {});
    this.#settle(outcome);
  }

  kill(): void {
    this.killed = true;
    this.#release();
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#child.status;
  }

  async #end(take: TakeOutput | undefined, limits: ProcessLimits | undefined): Promise<Outcome> {
    using _ = limits;
    const { status, stderr } = this.#child;
    const output = take && this.#child.stdout.pipeTo(
      // Does not wait for the output of a guest that was killed.
      new WritableStream({
        write: async (bytes) => void await Promise.race([take(bytes), this.#untilKilled]),
      }),
    );
    const [ended, complaint] = await Promise.all([status, new Response(stderr).text(), output]);
    const outcome = this.#guest.outcome(ended, complaint);
    return limits?.outcome(outcome) ?? outcome;
  }
}
