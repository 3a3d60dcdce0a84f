/**
 * A run of `solo5-hvt`: confined, and without observers or limits.
 *
 * @module
 */
import { endAs, type LaunchOptions } from "../ending.ts";
import type { Guest } from "../../tender/guest.ts";
import * as outcomes from "../../tender/outcome.ts";
import { confine } from "../../tender/hvt/confine.ts";
import { runHvt } from "../../tender/hvt/vm.ts";

/**
 * Runs a guest, and ends this process as the guest ended. Everything is loaded before: a confined
 * process can load nothing.
 */
export function runMachine(
  guest: Guest,
  { program = "soloden", describe = outcomes.describe }: LaunchOptions,
): void {
  const outcome = runHvt(guest, undefined, {
    begin: ({ descriptor }, devices) => confine({ vcpu: descriptor, devices }),
  });
  endAs(program, { outcome, message: describe(outcome) });
}
