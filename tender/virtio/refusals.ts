/**
 * Refuses the options that guests of virtio do not have, with the reason.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import { optionOf, type Reasons, refuseGiven } from "../refusals.ts";
import type { Asked, StartOptions } from "../target.ts";

const CALLS = "it makes no hypercalls that could be looked at; run it on hvt";
const CPU = "the guest's CPU is QEMU's";
const RING = "virtio has queues of its own for frames";
const CONFINED = "nothing confines QEMU";
const GDB = "QEMU serves gdb, and --emulator=kvm is without it";
const STATE = "its state is not kept; run it on hvt";

/** Why an option is refused, by its name in the library. */
const REASONS: Reasons = {
  trace: CALLS,
  stats: CALLS,
  captures: CALLS,
  core: CALLS,
  record: CALLS,
  inject: CALLS,
  netRing: RING,
};
const QEMU_REASONS: Reasons = { ...REASONS, cpu: CPU };
const PC_REASONS: Reasons = { ...REASONS, from: STATE };

/**
 * Refuses options that a program asks for, where QEMU runs the guest.
 *
 * @throws {TenderError} "option"
 */
export function checkOptions(options: StartOptions): void {
  checkGiven(options, QEMU_REASONS);
}

/**
 * Refuses options that a program asks for, where this process runs the guest.
 *
 * @throws {TenderError} "option"
 */
export function checkPcOptions(options: StartOptions): void {
  checkGiven(options, PC_REASONS);
  if (options.capturable) throw refusal("capturable", STATE);
}

function checkGiven(options: StartOptions, reasons: Reasons): void {
  if (options.mark !== undefined) {
    throw new TenderError("option", "no snapshots of guests of virtio: their bindings start none");
  }
  refuseGiven(options, { reasons, refusal });
}

/**
 * Refuses options of the command line.
 *
 * @param inQemu whether QEMU runs the guest
 * @throws {TenderError} "option"
 */
export function checkAsked(
  { observe, machine, confinement }: Asked,
  { inQemu }: { inQemu: boolean },
): void {
  const seen = observe.find((word) => !isGdb(word));
  if (seen !== undefined) {
    throw refusal(optionOf(seen), seen.startsWith("--suspend") ? STATE : CALLS);
  }
  if (machine.includes("--no-net-ring")) throw refusal("--no-net-ring", RING);
  if (observe.length > 0 && machine.includes("--emulator=kvm")) throw refusal("--gdb", GDB);
  if (!inQemu) return;
  if (machine.some((word) => word.startsWith("--cpu"))) throw refusal("--cpu", CPU);
  if (confinement.length > 0) throw refusal("--no-confine", CONFINED);
}

/** Whether a word of the command line asks for gdb. */
export function isGdb(word: string): boolean {
  return /^--gdb(=|$)/.test(word);
}

function refusal(option: string, reason: string): TenderError {
  return new TenderError("option", `${option} is not for virtio: ${reason}`);
}
