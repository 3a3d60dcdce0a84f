/**
 * Runs of hvt for the command: with what was asked to be seen of the guest, with its limits, with or
 * without confinement, and with an ending that explains itself. What a run does not need is not loaded.
 *
 * @module
 */
import type { CoreFile } from "../tender/crash.ts";
import type { Guest } from "../tender/guest.ts";
import { confine } from "../tender/hvt/confine.ts";
import type { MachineLimits } from "../tender/hvt/limits.ts";
import { observeEnding } from "../tender/hvt/observe/ending.ts";
import type { Observer } from "../tender/hvt/observer.ts";
import { runHvt } from "../tender/hvt/vm.ts";
import * as outcomes from "../tender/outcome.ts";
import { endAs, type LaunchOptions } from "./ending.ts";
import { sayAtLast } from "./run_output.ts";

/** How to run a guest of hvt for the command. */
export interface HvtRun extends Pick<LaunchOptions, "program" | "describe"> {
  /** As `GuestRequest.observe`. */
  readonly observe: readonly string[];
  /** As `GuestRequest.limits`. */
  readonly limits: readonly string[];
  /** As `GuestRequest.confined`. */
  readonly confined: boolean;
}

const UNCONFINED =
  "soloden: WARNING: --no-confine: the tender keeps all its rights while the guest runs; " +
  "whatever breaks out of the guest has them";

/**
 * Runs a guest to its end, which becomes that of this process.
 *
 * @throws {TenderError} if this host cannot run it or does not have a device as asked, or "option" if
 * an option's value is wrong
 */
export async function runOnHvt(
  guest: Guest,
  { observe, limits: words, confined, program = "soloden", describe = outcomes.describe }: HvtRun,
): Promise<void> {
  const ending = observeEnding();
  // Once it is confined, this process can load nothing more.
  const { withCrash } = await import("../tender/hvt/observe/crash.ts");
  using limits = await limitsOf(words);
  if (!confined) console.error(UNCONFINED);
  const watching = { observers: limits === undefined ? [ending] : [ending, limits], limits };
  const { outcome, core } = observe.length === 0
    ? { outcome: runUnseen(guest, { ...watching, confined }) }
    : await runSeen(guest, { ...watching, confined, observe, program });
  if (core !== undefined) sayAtLast(`${program}: ${coreText(core)}`, limits);
  const { unikernel } = guest;
  const explained = withCrash(outcome, { remains: ending.remains, core, unikernel });
  const message = describe(explained);
  if (outcome.kind !== "limit") return endAs(program, { outcome: explained, message });
  // The guest's time is over, perhaps because nobody reads what this would be written to.
  sayAtLast(`${program}: ${message}`, limits);
  endAs(program, { outcome, message: undefined });
}

/** The limits that options ask for; undefined where there are no options. */
async function limitsOf(words: readonly string[]): Promise<MachineLimits | undefined> {
  if (words.length === 0) return undefined;
  const { readLimits } = await import("./limit_words.ts");
  const { limitMachine } = await import("../tender/hvt/limits.ts");
  return limitMachine(readLimits(words));
}

interface Watching {
  readonly observers: readonly Observer[];
  readonly limits: MachineLimits | undefined;
  readonly confined: boolean;
}

function runUnseen(guest: Guest, { observers, limits, confined }: Watching): outcomes.Outcome {
  return runHvt(guest, undefined, {
    observers,
    begin(vcpu, devices) {
      limits?.start(vcpu);
      if (confined) confine({ vcpu: vcpu.descriptor, devices });
    },
  });
}

async function runSeen(
  guest: Guest,
  { observe, ...watching }: Watching & { observe: readonly string[]; program: string },
): Promise<{ outcome: outcomes.Outcome; core?: CoreFile }> {
  const { readObservation } = await import("./observe_words.ts");
  const observation = readObservation(observe, guest);
  const { runObserved } = await import("./run_observed.ts");
  return await runObserved(guest, { observation, ...watching });
}

function coreText({ path, error }: CoreFile): string {
  return error === undefined ? `core dumped: ${path}` : `cannot dump core: ${error}`;
}
