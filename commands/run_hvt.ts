/**
 * A run on KVM as this process, with nobody looking on.
 *
 * @module
 */
import { endAs, type LaunchOptions } from "./ending.ts";
import type { Guest } from "../tender/guest.ts";
import * as outcomes from "../tender/outcome.ts";
import { confine } from "../tender/hvt/confine.ts";
import { runHvt } from "../tender/hvt/vm.ts";

/**
 * Runs a guest to its end, which becomes that of this process. All that this takes is loaded by then: a
 * process that is confined can load nothing any more.
 */
export function runOnKvm(
  guest: Guest,
  { program = "soloden", describe = outcomes.describe }: LaunchOptions,
): void {
  const outcome = runHvt(guest, undefined, {
    begin: ({ descriptor }, devices) => confine({ vcpu: descriptor, devices }),
  });
  endAs(program, { outcome, message: describe(outcome) });
}
