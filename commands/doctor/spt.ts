/**
 * Examines whether a guest of spt can be launched, and whether its filter stops a forbidden call.
 *
 * @module
 */
import type { Guest } from "../../tender/guest.ts";
import type { Outcome } from "../../tender/outcome.ts";
import { run } from "../../tender/run/event_loop.ts";
import { type Finding, reasonOf } from "./finding.ts";
import { exitingGuest, trespassingGuest } from "./probe.ts";

/** Examines spt by running the built-in guests. */
export async function examineSpt(
  start: (guest: Guest) => Promise<Outcome> = (guest) => run(guest, { console: () => {} }),
): Promise<Finding> {
  const subject = "seccomp";
  const fault = (detail: string, fix: string): Finding => ({
    subject,
    state: "fault",
    detail,
    fix,
  });
  try {
    const exited = await start(exitingGuest());
    if (exited.kind !== "exit") {
      const what = exited.kind === "fault" ? exited.message : JSON.stringify(exited);
      return fault(`a guest of spt cannot be launched: ${what}`, NO_FILTER);
    }
    const killed = await start(trespassingGuest());
    if (killed.kind !== "fault" || killed.fault !== "call") {
      return fault("a forbidden system call was not stopped", NO_FILTER);
    }
    return {
      subject,
      state: "ok",
      detail: "guests of spt run, and can make only their own system calls",
    };
  } catch (error) {
    return fault(`a guest of spt cannot be launched: ${reasonOf(error)}`, NO_MEMORY_FILE);
  }
}

/** For a kernel without filters, or a sandbox in which this process may not install one. */
const NO_FILTER = "zgrep CONFIG_SECCOMP_FILTER /proc/config.gz # and boot a kernel where it is y";
const NO_MEMORY_FILE = "sudo sysctl vm.memfd_noexec=0";
