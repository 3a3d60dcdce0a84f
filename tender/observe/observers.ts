/**
 * Makes the observers of a run of hvt from what a program or the command asks for. What is not asked for
 * is not loaded.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import type { Observer } from "../hvt/observer.ts";
import type { StartOptions } from "../target.ts";

/**
 * Makes the observers of a run, from the one closest to the host to the one closest to the guest.
 *
 * @throws {TenderError} "option" for a capture of a device that is no network device, or if it cannot
 * listen for gdb
 * @throws {ElfError} "file" for a core file in no directory
 */
export async function observersOf(guest: Guest, options: StartOptions): Promise<Observer[]> {
  const { trace, stats, captures, core, limits, gdb, attach, inject, explained = true } = options;
  const observers: Observer[] = [];
  if (inject !== undefined) {
    const { plannedFaults } = await import("../inject/faults.ts");
    const { injectFaults } = await import("../hvt/inject.ts");
    observers.push(
      injectFaults(guest, typeof inject === "function" ? inject : plannedFaults(inject)),
    );
  }
  if (attach !== undefined) observers.push({ attach });
  if (gdb !== undefined) {
    const { debugWith } = await import("./gdb/debugger.ts");
    observers.push(debugWith(guest, gdb));
  }
  if (explained) {
    const { explainCrash } = await import("./explain_crash.ts");
    observers.push(explainCrash(guest.unikernel));
  }
  if (limits !== undefined) {
    const { limitMachine } = await import("../hvt/limits.ts");
    observers.push(limitMachine(limits));
  }
  if (trace !== undefined) {
    const { traceCalls } = await import("./trace.ts");
    observers.push(traceCalls(trace));
  }
  if (captures !== undefined) {
    const { captureFrames, networkHandle } = await import("./pcap.ts");
    const byHandle = Object.entries(captures).map(([name, take]) =>
      [networkHandle(guest, name, "captures"), take] as const
    );
    observers.push(captureFrames(new Map(byHandle)));
  }
  if (core !== undefined) {
    const { dumpCore } = await import("./core_dump.ts");
    observers.push(dumpCore(core));
  }
  if (stats !== undefined) {
    const { countRun } = await import("./stats.ts");
    observers.push(countRun(guest.devices, { report: stats }));
  }
  return observers;
}
