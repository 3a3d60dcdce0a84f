/**
 * A guest of spt as a child process, which runs while this process does other work.
 *
 * @module
 */
import { EXIT } from "../../abi/solo5.ts";
import { checkOptions } from "./refusals.ts";
import { type Outcome, SIGNAL_STATUS, signalOutcome } from "../outcome.ts";
import type { RunOptions, TakeOutput } from "../run/options.ts";
import type { Run } from "../run/run.ts";
import type { ProcessImage } from "./compile.ts";
import type { ProcessLimits } from "./limits.ts";
import { spawnImage } from "./start.ts";

/**
 * Starts a guest.
 *
 * @throws {TenderError} "option" for what only hvt has, "host" if it cannot be started
 * @throws {SystemError} if there is no memory to hold the image, or the kernel does not limit it
 */
export async function startProcess(image: ProcessImage, options: RunOptions): Promise<Run> {
  checkOptions(options);
  const { console, limits } = options;
  const { ProcessLimits } = limits === undefined ? {} : await import("./limits.ts");
  const given = typeof console === "function" ? console : undefined;
  const piped = given !== undefined || limits?.consoleRate !== undefined;
  const child = await spawnImage(image, { stdout: piped ? "piped" : "inherit" });
  const run = new ProcessRun(child);
  try {
    const held = ProcessLimits && new ProcessLimits(limits!, run);
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
  readonly #settle: (outcome: Promise<Outcome>) => void;
  /** Is resolved when it is killed. */
  readonly #killed: Promise<void>;
  readonly #release: () => void;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    ({ promise: this.outcome, resolve: this.#settle } = Promise.withResolvers<Outcome>());
    ({ promise: this.#killed, resolve: this.#release } = Promise.withResolvers<void>());
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for its end, and has its output taken until then. */
  attend(take: TakeOutput | undefined, limits: ProcessLimits | undefined): void {
    const outcome = this.#end(take, limits);
    // Whoever asks for it sees the error; nobody has to.
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
      // The output of a guest that was killed is waited for no longer.
      new WritableStream({
        write: async (bytes) => void await Promise.race([take(bytes), this.#killed]),
      }),
    );
    const [ended, complaint] = await Promise.all([status, new Response(stderr).text(), output]);
    const outcome = processOutcome(ended, complaint);
    return limits?.outcome(outcome) ?? outcome;
  }
}

/**
 * Reads how a guest's process ended. What is on its standard error, the launch wrote: the guest has
 * none.
 */
function processOutcome({ code, signal }: Deno.CommandStatus, complaint: string): Outcome {
  if (signal !== null) return signalOutcome(code - SIGNAL_STATUS);
  const message = complaint.trim();
  if (message !== "") return { kind: "fault", fault: "host", reason: "host", message };
  return code === EXIT.ABORT ? { kind: "abort" } : { kind: "exit", status: code };
}
