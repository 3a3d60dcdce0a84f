/**
 * Running a guest from a program, the same for both targets: it goes on beside other work, and its end
 * comes as a value. What this needs of the host is loaded when a guest is started.
 *
 * @module
 */
import type { Guest } from "./guest.ts";
import { EXIT } from "../abi/solo5.ts";
import type { Limits } from "./holding.ts";
import { type Outcome, SIGNAL_STATUS } from "./outcome.ts";

/** How to run a guest. */
export interface RunOptions {
  /**
   * What becomes of the guest's console: `"inherit"` for this process's standard output, or a function
   * that takes the bytes. `"inherit"` if not given.
   */
  readonly console?: "inherit" | ((output: Uint8Array) => void);
  /** Kills the guest when it is aborted; the outcome then is signal 9, on hvt as well. */
  readonly signal?: AbortSignal;
  /** What the guest may use; the outcome then is "limit". Without bound if not given. */
  readonly limits?: Limits;
}

/** A guest that runs. */
export interface RunningGuest extends AsyncDisposable {
  /** What it prints; read it or cancel it. */
  readonly console: ReadableStream<Uint8Array>;
  /** How it ends. */
  readonly outcome: Promise<Outcome>;
  /** Kills it, if it has not ended. */
  kill(): void;
}

/** How a guest ends that is killed. */
const KILLED: Outcome = { kind: "signal", signal: 9 };

/**
 * Runs a guest to its end. A guest of spt is a process of its own; one of hvt computes on this thread,
 * and holds nothing up while it waits.
 *
 * @throws {TenderError} if this host cannot run it, or does not have a device as asked; "option" for a
 * limit that is none
 * @throws {SystemError} if the host has no memory for it
 * @throws whatever the function that takes its output throws; the guest is killed then
 */
export async function run(guest: Guest, options: RunOptions = {}): Promise<Outcome> {
  if (options.limits !== undefined) {
    const { checkLimits } = await import("./holding.ts");
    checkLimits(options.limits);
  }
  if (options.signal?.aborted) return KILLED;
  return guest.unikernel.abi.target === "hvt"
    ? await runMachine(guest, options)
    : await runProcess(guest, options);
}

/**
 * Starts a guest and comes back at once.
 *
 * @returns the guest; to dispose of it kills it. Where it cannot be started at all, its `outcome`
 * rejects as {@linkcode run} does
 */
export function spawn(guest: Guest): RunningGuest {
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

async function runMachine(
  guest: Guest,
  { console, signal, limits }: RunOptions,
): Promise<Outcome> {
  const { runVm } = await import("./hvt/run_apart.ts");
  using hold = limits && (await import("./hvt/hold.ts")).holdTo(limits);
  const take = typeof console === "function"
    ? (bytes: Uint8Array) => (console(bytes), true)
    : undefined;
  try {
    return await runVm(guest, {
      console: take,
      signal,
      observers: hold && [hold],
      begin: (vcpu) => hold?.start(vcpu),
    });
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return KILLED;
    throw error;
  }
}

async function runProcess(
  guest: Guest,
  { console, signal, limits }: RunOptions,
): Promise<Outcome> {
  const { ProcessLimits } = limits === undefined ? {} : await import("./process_limits.ts");
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
  const { compileImage } = await import("./spt/image.ts");
  const { spawnImage } = await import("./spt/start.ts");
  if (guest.devices.length === 0) {
    return await spawnImage(compileImage(guest, undefined, { parent: Deno.pid }), options);
  }
  const { prepareDevices } = await import("./spt/prepare.ts");
  const devices = prepareDevices(guest.devices, { keep: false });
  try {
    return await spawnImage(compileImage(guest, devices, { parent: Deno.pid }), options);
  } finally {
    const { closeDescriptor } = await import("./host/libc.ts");
    for (const { inherited, properties } of devices.list) {
      // The child has it. A network device's was, and stays, the caller's; a block device's is a copy.
      if (inherited !== undefined && properties.type === "BLOCK_BASIC") closeDescriptor(inherited);
    }
  }
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
