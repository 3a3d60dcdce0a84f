/**
 * Makes the observers that the command line asks for, which write for people.
 *
 * @module
 */
import { keepInputs } from "../linux/output.ts";
import { TenderError } from "../tender/error.ts";
import { filesOf, type Guest } from "../tender/guest.ts";
import type { Limits } from "../tender/limits.ts";
import { PCAP_HEADER, pcapRecord } from "../tender/observe/pcap_format.ts";
import { formatStats } from "../tender/observe/stats_format.ts";
import { TRACE_FORMATS } from "../tender/observe/trace_format.ts";
import type { ObserveOptions } from "../tender/run/options.ts";
import type { Attempt } from "../tender/run/run.ts";
import type { StartOptions } from "../tender/target.ts";
import { injectorOf } from "./inject_words.ts";
import type { Observation } from "./observe_words.ts";
import { openOutput, type Output, sayAtLast, standardError } from "./run_output.ts";

/** What the observers are made with. */
export interface Telling {
  readonly guest: Guest;
  /** The name at the beginning of lines about the run. */
  readonly program: string;
  /** The guest's limits. */
  readonly limits: Limits | undefined;
  /** Whether this process gives up its rights. */
  readonly confined: boolean;
  /** How to write. */
  readonly attempt: Attempt;
  /** Closes the outputs. */
  readonly outputs: DisposableStack;
}

/**
 * Makes the observers that write what the options ask for. Statistics are printed at the end. They are lost
 * if a signal ends this process: a confined tender may not make the system calls by which it would be
 * handled.
 *
 * @throws {TenderError} if an output cannot be written, or "option" for a limit of time under gdb
 * @throws {ElfError} "file" if an output is the unikernel or one of its disks
 */
export function tellPeople(
  { trace, captures, stats, coreDirectory, gdb, record, inject, suspend }: Observation,
  { guest, program, limits, confined, attempt, outputs }: Telling,
): StartOptions {
  if (gdb !== undefined) checkUntimed(limits);
  const open = (path: string, header?: Uint8Array) => {
    keepInputs(path, filesOf(guest));
    return outputs.use(openOutput(path, { header, attempt }));
  };
  const say = (message: string) => console.error(`${program}: ${message}`);
  const files = [...captures].map(([name, path]) => [name, open(path, PCAP_HEADER)] as const);
  const traced = trace && traceTo(
    trace.file === undefined ? standardError({ attempt }) : open(trace.file),
    trace.format,
  );
  const recording = record === undefined ? undefined : open(record);
  const injected = inject && injectorOf(inject);
  if (injected !== undefined) {
    if (inject!.seed === undefined) say(`--inject: seed=${injected.seed}`);
    outputs.defer(() => say(`--inject: ${injected.summary()}`));
  }
  // These open files or sockets while the guest runs.
  const opening = gdb !== undefined
    ? "--gdb"
    : coreDirectory !== undefined
    ? "--dumpcore"
    : suspend !== undefined
    ? "--suspend"
    : "";
  if (opening !== "") say(`${opening}: the tender is not confined`);
  return {
    confined: confined && opening === "",
    trace: traced,
    captures: files.length === 0 ? undefined : Object.fromEntries(
      files.map(([name, file]) => [name, (frame) => file.write(pcapRecord(frame))]),
    ),
    stats: stats ? (stats) => sayAtLast(formatStats(stats).trimEnd(), { attempt }) : undefined,
    inject: injected?.inject,
    core: coreDirectory && `${coreDirectory}/core.solo5-${guest.unikernel.abi.target}.${Deno.pid}`,
    gdb: gdb && { endpoint: gdb, say },
    ...(suspend === undefined ? {} : { capturable: true, interrupted: true }),
    record: recording && ((bytes) => recording.write(bytes)),
  };
}

/** Refuses limits of time under gdb: the debugger's time would count as the guest's. */
function checkUntimed(limits: Limits | undefined): void {
  const { timeout, cpuTime } = limits ?? {};
  if (timeout === undefined && cpuTime === undefined) return;
  const option = timeout === undefined ? "--cpu-time" : "--timeout";
  throw new TenderError("option", `${option}: not with --gdb, where time is the debugger's`);
}

function traceTo(output: Output, format: keyof typeof TRACE_FORMATS): ObserveOptions["trace"] {
  const line = TRACE_FORMATS[format];
  const encoder = new TextEncoder();
  return (call) => output.write(encoder.encode(line(call)));
}
