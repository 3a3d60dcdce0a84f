/**
 * Refuses the options that guests of virtio do not have, with the reason.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import type { Asked, StartOptions } from "../target.ts";

const CALLS = "nobody but QEMU sees what the guest does; run it on hvt";
const CPU = "the guest's CPU is QEMU's";
const RING = "QEMU passes frames on in a ring of its own";
const CONFINED = "nothing confines QEMU";

/** Why an option is refused, by its name in the library. */
const REASONS = {
  trace: CALLS,
  stats: CALLS,
  captures: CALLS,
  core: CALLS,
  cpu: CPU,
  netRing: RING,
} as const;

/**
 * Refuses options that a program asks for.
 *
 * @throws {TenderError} "option"
 */
export function checkOptions(options: StartOptions): void {
  if (options.mark !== undefined) {
    throw new TenderError(
      "option",
      "no snapshots of guests of virtio: nobody but QEMU has their memory",
    );
  }
  for (const [name, reason] of Object.entries(REASONS)) {
    if (options[name as keyof typeof REASONS] !== undefined) throw refusal(name, reason);
  }
}

/**
 * Refuses options of the command line.
 *
 * @throws {TenderError} "option"
 */
export function checkAsked({ observe, machine, confinement }: Asked): void {
  const seen = observe.find((word) => !/^--gdb(=|$)/.test(word));
  if (seen !== undefined) throw refusal(/^--[a-z-]+/.exec(seen)![0], CALLS);
  if (machine.length > 0) {
    const [name] = machine[0]!.split("=");
    throw refusal(name!, name === "--no-net-ring" ? RING : CPU);
  }
  if (confinement.length > 0) throw refusal("--no-confine", CONFINED);
}

function refusal(option: string, reason: string): TenderError {
  return new TenderError("option", `${option} is not for virtio: ${reason}`);
}
