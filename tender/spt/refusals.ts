/**
 * Refuses the options that guests of spt do not have, with the reason: no tender observes them.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import { optionOf, type Reasons, refuseGiven } from "../refusals.ts";
import type { RunOptions } from "../run/options.ts";
import type { Asked } from "../target.ts";

const CALLS = "no tender sees what the guest does; use strace -p, or build it for hvt";
const CPU = "the guest is a process, which sees this host's CPU";
const FAULTS = "the guest gets its answers from the kernel";
const RING = "the guest reads and writes its frames itself";
const STOPPED = "the guest is a process, which kill -STOP and kill -CONT stop and start";
const CORES = "the kernel writes cores, after ulimit -c unlimited";

/** Why an option is refused, by its name in the library. */
const REASONS: Reasons = {
  trace: CALLS,
  stats: CALLS,
  captures: CALLS,
  core: CORES,
  inject: FAULTS,
  cpu: CPU,
  netRing: RING,
};

/**
 * Refuses options that a program asks for.
 *
 * @throws {TenderError} "option"
 */
export function checkOptions(options: RunOptions): void {
  refuseGiven(options, { reasons: REASONS, refusal: forHvtAlone });
}

/**
 * Refuses options of the command line.
 *
 * @throws {TenderError} "option"
 */
export function checkAsked({ observe, limits, machine, confinement }: Asked): void {
  const isRecord = (word: string) => word.startsWith("--record=");
  const others = observe.filter((word) => word !== "--gdb" && !isRecord(word));
  const [alone] = observe.includes("--gdb")
    ? [...limits, ...confinement, ...observe.filter(isRecord)]
    : [];
  if (alone !== undefined) {
    const rule = "not with --gdb on spt, where gdb runs the guest";
    throw new TenderError("option", `${optionOf(alone)}: ${rule}`);
  }
  if (others.length > 0) throw refusal(others[0]!);
  if (machine.length > 0) throw machineRefusal(machine[0]!);
  if (confinement.length === 0) return;
  const rule = "--no-confine is for hvt alone: a guest of spt is always confined";
  throw new TenderError("option", rule);
}

function refusal(word: string): TenderError {
  if (word.startsWith("--suspend")) return forHvtAlone("--suspend", STOPPED);
  if (word.startsWith("--dumpcore")) return forHvtAlone("--dumpcore", CORES);
  if (word.startsWith("--inject")) return forHvtAlone("--inject", FAULTS);
  if (word.startsWith("--gdb=")) {
    const rule = "on spt gdb runs the guest itself; give --gdb without an address";
    return new TenderError("option", `${word}: ${rule}`);
  }
  return forHvtAlone(optionOf(word), CALLS);
}

function machineRefusal(word: string): TenderError {
  if (word.startsWith("--emulator")) {
    const rule = "--emulator is for virtio alone: a guest of spt is a process";
    return new TenderError("option", rule);
  }
  return word === "--no-net-ring" ? forHvtAlone(word, RING) : forHvtAlone("--cpu", CPU);
}

function forHvtAlone(option: string, reason: string): TenderError {
  return new TenderError("option", `${option} is for hvt alone: on spt ${reason}`);
}
