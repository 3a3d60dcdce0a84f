/**
 * Running a guest with what the command line asks to see of it.
 *
 * @module
 */
import type { Guest } from "../../guest.ts";
import type { Observation } from "../../observation.ts";
import { TenderError } from "../../error.ts";
import type { Limits } from "../../holding.ts";
import type { Vcpu } from "../../kvm/vcpu.ts";
import type { Outcome } from "../../outcome.ts";
import type { HeldMachine } from "./hold_machine.ts";
import type { Observed, Observer } from "../observer.ts";
import { runHvt } from "../vm.ts";
import { type OpenOutput, openOutput, type Output, standardError } from "./output.ts";
import { CAPTURE_HEADER, captureFrames } from "./pcap.ts";
import { countRun, formatStats } from "./stats.ts";
import { traceCalls } from "./trace.ts";
import { TRACE_FORMATS } from "./trace_format.ts";

/** What to see of a guest. */
export interface ObservedRun {
  readonly observation: Observation;
  /** More that look on. */
  readonly observers: readonly Observer[];
  /** What holds the guest. This process is not confined where it is to open files or sockets later. */
  readonly held: HeldMachine;
  /** The unikernel's file, for a debugger. */
  readonly bytes: Uint8Array;
  /** What lines about the run begin with. */
  readonly program: string;
}

/**
 * Runs a guest of the hvt target to its end, observed.
 *
 * @throws {TenderError} as {@linkcode runHvt} does, or if an output cannot be written
 */
export async function runObserved(
  guest: Guest,
  { observation, observers, held, bytes, program }: ObservedRun,
): Promise<Outcome> {
  const say = (message: string) => console.error(`${program}: ${message}`);
  using outputs = new DisposableStack();
  const open = (path: string, header?: Uint8Array): OpenOutput =>
    outputs.use(openOutput(path, { header, attempt: held.attempt }));
  const { trace, captures, stats, gdb, coreDirectory } = observation;
  if (gdb !== undefined) checkUntimed(held.limits);
  const all = [...observers, ...held.observers];
  if (trace !== undefined) {
    all.push(
      tracer(trace.file === undefined ? standardError(held) : open(trace.file), trace.format),
    );
  }
  if (captures.size > 0) {
    const files = [...captures].map(([handle, path]) =>
      [handle, open(path, CAPTURE_HEADER)] as const
    );
    all.push(captureFrames(new Map(files)));
  }
  const opening = gdb !== undefined ? "--gdb" : coreDirectory !== undefined ? "--dumpcore" : "";
  if (opening !== "") say(`${opening}: the tender is not confined`);
  if (coreDirectory !== undefined) {
    const { dumpCore } = await import("../core_dump.ts");
    all.push(dumpCore(coreDirectory, say));
  }
  if (gdb !== undefined) {
    const { debugHvt } = await import("../gdb/debug.ts");
    return debugHvt(guest, { endpoint: gdb, bytes, observers: all, say });
  }
  const begin = (vcpu: Vcpu) => held.begin(vcpu, { confined: opening === "" });
  const observed = { observers: all, begin };
  return stats ? runCounted(guest, observed) : runHvt(guest, undefined, observed);
}

/** Time that a debugger takes cannot be told from the guest's. */
function checkUntimed({ timeout, cpuTime }: Limits): void {
  if (timeout === undefined && cpuTime === undefined) return;
  const option = timeout === undefined ? "--cpu-time" : "--timeout";
  throw new TenderError("option", `${option}: not with --gdb, where time is the debugger's`);
}

function tracer(output: Output, format: keyof typeof TRACE_FORMATS): Observer {
  const line = TRACE_FORMATS[format];
  const encoder = new TextEncoder();
  return traceCalls((call) => output.write(encoder.encode(line(call))));
}

/**
 * Prints statistics at the end. A signal that ends this process ends them, too: to listen for one would
 * take system calls that a confined tender does not have.
 */
function runCounted(guest: Guest, observed: Observed): Outcome {
  const counter = countRun(guest.devices);
  try {
    return runHvt(guest, undefined, {
      ...observed,
      observers: [...observed.observers ?? [], counter],
    });
  } finally {
    console.error(formatStats(counter.stats()).trimEnd());
  }
}
