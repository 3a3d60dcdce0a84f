/**
 * Running a guest of hvt beside other work, with all that a program wants to know of it.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import { isObserved } from "../observers.ts";
import { KILLED, type Outcome } from "../outcome.ts";
import type { RunOptions } from "../run_options.ts";
import { observeEnding } from "./observe/ending.ts";
import type { Watch } from "./observe/watch.ts";
import { runVm } from "./run_apart.ts";

const UNWATCHED: Watch = { observers: [], finish: () => {}, core: () => undefined };

/**
 * Runs a guest to its end.
 *
 * @throws as {@linkcode run} does
 */
export async function runMachine(guest: Guest, options: RunOptions): Promise<Outcome> {
  const { console, signal, limits: asked, ...observers } = options;
  using limits = asked && (await import("./limits.ts")).limitMachine(asked);
  const { observers: watching, finish, core } = isObserved(observers)
    ? await (await import("./observe/watch.ts")).watch(guest, observers)
    : UNWATCHED;
  const ending = observeEnding();
  try {
    const outcome = await runVm(guest, {
      console: typeof console === "function" ? (bytes) => (console(bytes), true) : undefined,
      signal,
      observers: [ending, ...(limits === undefined ? [] : [limits]), ...watching],
      begin: (vcpu) => limits?.start(vcpu),
    });
    const left = { remains: ending.remains, core: core() };
    if (left.remains === undefined && left.core === undefined) return outcome;
    const { withCrash } = await import("./observe/crash.ts");
    return withCrash(outcome, { ...left, unikernel: guest.unikernel });
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return KILLED;
    throw error;
  } finally {
    finish();
  }
}
