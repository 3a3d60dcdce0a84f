/**
 * What watches a run so that a program, or a person, is told of it.
 *
 * @module
 */
import type { CoreFile } from "../../crash.ts";
import type { Guest } from "../../guest.ts";
import { networkHandle, type Observers } from "../../observers.ts";
import type { Observer } from "../observer.ts";

/** What watches one run. */
export interface Watch {
  /** In the order in which they stand between the host and the guest. */
  readonly observers: readonly Observer[];
  /** To be called at the end of the run. */
  finish(): void;
  /** The core file, once the run is over. */
  core(): CoreFile | undefined;
}

/**
 * Makes what watches a run. What it takes is loaded by then.
 *
 * @throws {TenderError} "option" for a capture of a device that is no network device
 * @throws {ElfError} "file" for a core file in no directory
 */
export async function watch(guest: Guest, options: Observers): Promise<Watch> {
  const { trace, stats, captures, core: path } = options;
  const observers: Observer[] = [];
  if (trace !== undefined) {
    const { traceCalls } = await import("./trace.ts");
    observers.push(traceCalls(trace));
  }
  if (captures !== undefined) {
    const { captureFrames } = await import("./pcap.ts");
    const byHandle = [...captures].map(([name, take]) =>
      [networkHandle(guest, name, "captures"), take] as const
    );
    observers.push(captureFrames(new Map(byHandle)));
  }
  const core = path === undefined ? undefined : (await import("../core_dump.ts")).dumpCore(path);
  if (core !== undefined) observers.push(core);
  const counter = stats && (await import("./stats.ts")).countRun(guest.devices);
  if (counter !== undefined) observers.push(counter);
  return {
    observers,
    finish: () => counter && stats?.(counter.stats()),
    core: () => core?.core,
  };
}
