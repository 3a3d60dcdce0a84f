/**
 * Running a guest beside other work: the event loop goes on while the guest waits.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import type { Outcome } from "../outcome.ts";
import type { Observed } from "./observer.ts";
import { createVm } from "./vm.ts";
import { hostWorld, type World } from "./world.ts";

/** Times that a guest may leave its CPU before others have their turn. */
const TURN = 1000;

/** How to run a guest beside other work. */
export interface RunVmOptions extends Observed {
  /** Takes the console's output, as {@linkcode World.write} does; standard output if not given. */
  readonly console?: World["write"];
  /** Stops the guest; the run then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a guest of the hvt target to its end. While it waits nothing is held up; what it computes, it
 * computes on this thread.
 *
 * @throws {TenderError} if this host cannot run it, or does not have a device as asked
 */
export async function runVm(guest: Guest, options: RunVmOptions = {}): Promise<Outcome> {
  const { console: write, signal, observers = [], begin } = options;
  signal?.throwIfAborted();
  using host = hostWorld(guest.devices);
  const world = write === undefined ? host : { ...host, write };
  using vm = createVm(guest, world, { observers, begin });
  const wake = () => host.wake();
  signal?.addEventListener("abort", wake);
  try {
    for (;;) {
      const stop = vm.step(TURN);
      if (stop.kind === "ended") {
        for (const observer of observers) observer.ended?.(stop.outcome, vm);
        return stop.outcome;
      }
      // What the guest prints may have been the reason to stop it, and then nothing wakes it.
      signal?.throwIfAborted();
      await (stop.kind === "wait" ? host.waitApart(stop.deadline) : othersTurn());
      signal?.throwIfAborted();
    }
  } finally {
    signal?.removeEventListener("abort", wake);
  }
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
