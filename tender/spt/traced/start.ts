/**
 * Starts traced guests of spt. The launch of such a guest first waits for a byte on its standard input. It
 * gets the byte once it is traced, so that nothing of the guest runs before that.
 *
 * @module
 */
import { STDOUT_FILENO } from "../../../linux/constants.ts";
import type { ProcessEnd } from "../../../linux/child.ts";
import { memoryFile } from "../../../linux/exec.ts";
import { whileInherited } from "../../../linux/inherit.ts";
import { closeDescriptor, ERRNO, SystemError } from "../../../linux/libc.ts";
import { duplicateOf } from "../../../linux/other_process.ts";
import { pipe, spawn } from "../../../linux/spawn.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import { Tracee } from "../../../linux/tracee.ts";
import { readOnce, writeOnce } from "../../../linux/transfer.ts";
import { TenderError } from "../../error.ts";
import type { RunOptions } from "../../run/options.ts";
import type { StartOptions } from "../../target.ts";
import { ProcessLimits } from "../../run/process_limits.ts";
import type { ProcessImage } from "../compile.ts";
import { checkOptions } from "../refusals.ts";
import { encodeImage } from "../start.ts";
import { TracedConsole } from "./console.ts";
import { TracedRun } from "./run.ts";
import { type ProcessState, restoreProcess } from "./state.ts";

const { calls: CALLS } = LINUX.x86_64!;
/** The timer of a guest that ended in its launch: none. */
const NO_DESCRIPTOR = -1;
/** How long this thread waits for a launch, in nanoseconds. */
const PATIENCE = 1_000_000n;
/** The most bytes that are read of a launch's complaint. */
const COMPLAINT_SIZE = 0x1_0000;

/**
 * Starts a guest, which then waits for its first step.
 *
 * @throws {TenderError} "option" for what only hvt has; "host" if the guest cannot be started or traced; as
 * {@linkcode restoreProcess} does
 * @throws {SystemError} if there is no memory to hold the image, or the kernel does not limit it
 */
export async function startTraced(image: ProcessImage, options: StartOptions): Promise<TracedRun> {
  checkOptions(options);
  using undo = new DisposableStack();
  const { tracee, errors } = spawnTraced(image, { options, undo });
  const limits = options.limits && undo.use(new ProcessLimits(options.limits, tracee));
  const end = await launch(tracee);
  const process = { tracee, image, timer: NO_DESCRIPTOR };
  if (end === undefined) {
    process.timer = undo.adopt(
      duplicateOf(tracee.pid, image.descriptors.timer),
      closeDescriptor,
    );
    if (options.from !== undefined) restoreProcess(process, options.from as ProcessState);
  }
  const take = typeof options.console === "function" ? options.console : undefined;
  const taken = options.limits?.consoleRate === undefined ? take : limits!.console(take);
  return new TracedRun({
    ...process,
    console: taken && new TracedConsole(tracee, taken),
    limits,
    mark: options.mark && new (await import("./mark.ts")).MarkWatch(process, options.mark),
    complaint: () => complaintOf(errors),
    resources: undo.move(),
  }, end);
}

/** A traced process that waits for its byte, and the pipe that it writes complaints to. */
export interface Spawned {
  readonly tracee: Tracee;
  readonly errors: number;
}

/**
 * Starts the process of an image, traced: it is about to stop.
 *
 * @param options `undo`: takes what has to be given back at its end
 * @throws {TenderError} "host" if it cannot be started or traced
 * @throws {SystemError} if there is no memory to hold the image
 */
export function spawnTraced(
  image: ProcessImage,
  { options, undo }: { options: RunOptions; undo: DisposableStack },
): Spawned {
  using own = new DisposableStack();
  const pipeOf = () => {
    const { read, write } = pipe();
    own.adopt(write, closeDescriptor);
    return { read, write };
  };
  const [gate, errors] = [pipeOf(), pipeOf()];
  own.adopt(gate.read, closeDescriptor);
  undo.adopt(errors.read, closeDescriptor);
  const { unikernel } = image.note;
  const file = own.adopt(
    memoryFile(unikernel, encodeImage(image, { note: false })),
    (file) => file.close(),
  );
  const output = isInherited(options) ? STDOUT_FILENO : "/dev/null";
  const descriptors = [gate.read, output, errors.write];
  const pid = whileInherited(
    image.inherited,
    () => spawnFrom(file.path, { args: [unikernel], descriptors }),
  );
  const tracee = undo.use(traced(pid));
  // It must be about to stop when it gets the byte; else it would run up to its first system call.
  tracee.interrupt();
  writeOnce(gate.write, new Uint8Array(1));
  return { tracee, errors: errors.read };
}

/** Whether the guest itself writes to this process's standard output. */
function isInherited({ console, limits }: RunOptions): boolean {
  return typeof console !== "function" && limits?.consoleRate === undefined;
}

function spawnFrom(path: string, program: Omit<Parameters<typeof spawn>[0], "path">): number {
  try {
    return spawn({ path, ...program });
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== ERRNO.ENOENT) throw error;
    throw new TenderError("host", "/proc is not mounted: a traced guest is started from there");
  }
}

function traced(pid: number): Tracee {
  try {
    return new Tracee(pid);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new TenderError("host", `this system does not let a guest be traced: ${error.message}`);
  }
}

/**
 * Runs the launch up to its last step, which installs the filter.
 *
 * @param options `atLast`: is called when it is about to take that step
 * @returns how it ended, if it did
 */
export async function launch(
  tracee: Tracee,
  { atLast }: { atLast?: () => void } = {},
): Promise<ProcessEnd | undefined> {
  for (let call: number | undefined;;) {
    const stop = tracee.next(PATIENCE);
    if (stop === undefined) {
      await tracee.waitForStopApart();
      continue;
    }
    if (stop.kind === "exited" || stop.kind === "killed") return stop;
    if (stop.kind === "call") {
      call = stop.number;
      if (call === CALLS.seccomp) atLast?.();
    }
    if (stop.kind === "return" && call === CALLS.seccomp && stop.result === 0n) return undefined;
    tracee.resume(stop.kind === "signal" ? stop.signal : 0);
  }
}

/** What a launch has written to the pipe for its complaints. */
export function complaintOf(errors: number): string {
  const bytes = new Uint8Array(COMPLAINT_SIZE);
  return new TextDecoder().decode(bytes.subarray(0, Math.max(readOnce(errors, bytes), 0)));
}
