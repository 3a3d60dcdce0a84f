/**
 * Runs of hvt that show what the command line asks to see of the guest.
 *
 * @module
 */
import { keepInputs } from "../linux/output.ts";
import type { CoreFile } from "../tender/crash.ts";
import { TenderError } from "../tender/error.ts";
import { filesOf, type Guest } from "../tender/guest.ts";
import type { Observation } from "./observe_words.ts";
import type { Observers } from "../tender/observers.ts";
import type { Outcome } from "../tender/outcome.ts";
import { confine } from "../tender/hvt/confine.ts";
import type { Attempt, MachineLimits } from "../tender/hvt/limits.ts";
import type { Observed, Observer } from "../tender/hvt/observer.ts";
import { runHvt } from "../tender/hvt/vm.ts";
import {
  type OpenOutput,
  openOutput,
  type Output,
  sayAtLast,
  standardError,
} from "./run_output.ts";
import { PCAP_HEADER, pcapRecord } from "../tender/hvt/observe/pcap_format.ts";
import { formatStats } from "../tender/hvt/observe/stats_format.ts";
import { TRACE_FORMATS } from "../tender/hvt/observe/trace_format.ts";
import { watch } from "../tender/hvt/observe/watch.ts";

/** What to see of a guest. */
export interface ObservedRun {
  readonly observation: Observation;
  /** More observers; the limits are among them. */
  readonly observers: readonly Observer[];
  /** The guest's limits. */
  readonly limits: MachineLimits | undefined;
  /** Whether to confine this process, unless it has to open files or sockets later. */
  readonly confined: boolean;
  /** What lines about the run begin with. */
  readonly program: string;
}

/**
 * Runs a guest of the hvt target to its end, observed.
 *
 * @returns the outcome, and the core file that it left
 * @throws {TenderError} as {@linkcode runHvt} does, or if an output cannot be written
 * @throws {ElfError} "file" if an output is the unikernel or one of its disks
 */
export async function runObserved(
  guest: Guest,
  { observation, observers, limits, confined, program }: ObservedRun,
): Promise<{ outcome: Outcome; core?: CoreFile }> {
  const say = (message: string) => console.error(`${program}: ${message}`);
  using outputs = new DisposableStack();
  const { gdb, coreDirectory } = observation;
  if (gdb !== undefined) checkUntimed(limits);
  const told = tellPeople(observation, {
    attempt: limits?.attempt,
    open(path, header) {
      keepInputs(path, filesOf(guest));
      return outputs.use(openOutput(path, { header, attempt: limits?.attempt }));
    },
  });
  const { observers: watching, finish, core } = await watch(guest, told);
  const all = [...observers, ...watching];
  const opening = gdb !== undefined ? "--gdb" : coreDirectory !== undefined ? "--dumpcore" : "";
  if (opening !== "") say(`${opening}: the tender is not confined`);
  const observed: Observed = {
    observers: all,
    begin(vcpu, devices) {
      limits?.start(vcpu);
      if (confined && opening === "") confine({ vcpu: vcpu.descriptor, devices });
    },
  };
  try {
    const outcome = gdb === undefined
      ? runHvt(guest, undefined, observed)
      : (await import("../tender/hvt/gdb/debug.ts")).debugHvt(guest, {
        endpoint: gdb,
        observers: all,
        say,
      });
    return { outcome, core: core() };
  } finally {
    finish();
  }
}

/** Refuses limits of time under gdb: the time that gdb takes would count as the guest's. */
function checkUntimed(limits: MachineLimits | undefined): void {
  const { timeout, cpuTime } = limits?.limits ?? {};
  if (timeout === undefined && cpuTime === undefined) return;
  const option = timeout === undefined ? "--cpu-time" : "--timeout";
  throw new TenderError("option", `${option}: not with --gdb, where time is the debugger's`);
}

/** How to make outputs. */
interface Outputs {
  readonly attempt: Attempt | undefined;
  open(path: string, header?: Uint8Array): OpenOutput;
}

/**
 * Makes the observers that write what the options ask for. Statistics are printed at the end. If a signal
 * ends this process they are lost: a confined tender may not make the system calls that listening for one
 * takes.
 */
function tellPeople(
  { trace, captures, stats, coreDirectory }: Observation,
  { attempt, open }: Outputs,
): Observers {
  const files = [...captures].map(([name, path]) => [name, open(path, PCAP_HEADER)] as const);
  const core = coreDirectory && `${coreDirectory}/core.solo5-hvt.${Deno.pid}`;
  return {
    trace: trace && traceTo(
      trace.file === undefined ? standardError({ attempt }) : open(trace.file),
      trace.format,
    ),
    captures: files.length === 0 ? undefined : new Map(
      files.map(([name, file]) => [name, (frame) => file.write(pcapRecord(frame))]),
    ),
    stats: stats ? (stats) => sayAtLast(formatStats(stats).trimEnd(), { attempt }) : undefined,
    core,
  };
}

function traceTo(output: Output, format: keyof typeof TRACE_FORMATS): Observers["trace"] {
  const line = TRACE_FORMATS[format];
  const encoder = new TextEncoder();
  return (call) => output.write(encoder.encode(line(call)));
}
