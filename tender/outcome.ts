/**
 * How a run ended: a value, the same for both targets. Only the command makes a message and a status of it.
 *
 * @module
 */
import { EXIT } from "../abi/solo5.ts";
import { SIGKILL, SIGPIPE } from "../linux/constants.ts";
import { type CoreFile, type Crash, describeCrash } from "./crash.ts";

/** What broke; the same on every target. */
export type FaultKind =
  /**
   * The guest touched memory that it does not have, or in a way that its segments forbid. A general
   * protection fault counts as this, as Linux counts it.
   */
  | "memory"
  /** An instruction that the CPU, or KVM in its place, does not execute, or one that stops the CPU for ever. */
  | "instruction"
  /** A division by zero or the like. */
  | "arithmetic"
  /** A forbidden system call, or an invalid hypercall. */
  | "call"
  /** Any other trap of the CPU, or one of which nothing more is known. */
  | "trap"
  /** A failure of the host, not of the guest. */
  | "host";

/** How a fault was detected. This differs from target to target. */
export type FaultReason =
  /** hvt: a trap of the CPU, which the guest's bindings reported. */
  | "trap"
  /** spt: a signal ended the guest's process. */
  | "signal"
  /** hvt: the guest accessed its memory in a way that its segments forbid. */
  | "translation"
  /** hvt: the guest accessed memory that it does not have. */
  | "mmio"
  /** hvt: a trap that the guest could not handle. */
  | "triple-fault"
  /** hvt: the guest halted the CPU, and nothing can wake it. */
  | "halted"
  /** hvt: input or output on a port of no hypercall. */
  | "port"
  /** hvt: a hypercall with an address or a length outside of what the guest may use. */
  | "hypercall"
  /** virtio: the guest gave a device what no driver may. */
  | "queue"
  /** hvt: this host's KVM cannot emulate an instruction of the guest. */
  | "emulation"
  /** The host refused or stopped for a reason of its own. */
  | "host";

/** What is known of a guest that aborted or broke; on hvt alone. */
export interface CrashReport {
  /** Where and how it crashed (hvt). */
  readonly crash?: Crash;
  /** Its core file, if the run was to write one. */
  readonly core?: CoreFile;
}

/** The end of a guest that broke. */
export interface Fault extends CrashReport {
  /** The kind of outcome. */
  readonly kind: "fault";
  /** What broke; the same on every target, as far as the hardware allows. */
  readonly fault: FaultKind;
  /** How it was detected. */
  readonly reason: FaultReason;
  /** One line: what happened and where. */
  readonly message: string;
  /** The guest's address that the fault is about, if any; rounded if it is above 2^53. */
  readonly address?: number;
  /** The number of the signal, if the reason is "signal". */
  readonly signal?: number;
  /** Address of the trap frame, if the reason is "trap". */
  readonly frame?: number;
}

/** The end of a guest that was stopped at a limit. */
export interface LimitReached {
  /** The kind of outcome. */
  readonly kind: "limit";
  /** Which limit, by its name in `Limits`. */
  readonly limit: "timeout" | "cpuTime" | "consoleRate";
  /** Its value: milliseconds, or bytes per second. */
  readonly value: number;
}

/** How a run ended. */
export type Outcome =
  /** The guest exited with a status of 0 to 254. */
  | { readonly kind: "exit"; readonly status: number }
  /** The guest aborted (`solo5_abort`, or an exit with status 255). */
  | { readonly kind: "abort" } & CrashReport
  /** The guest broke, or the host did. */
  | Fault
  /** A signal from outside ended it: it was killed (9), or nobody reads its console any more (13). */
  | { readonly kind: "signal"; readonly signal: number }
  /** The guest reached a limit. */
  | LimitReached;

/** The outcome of a guest that was killed. */
export const KILLED: Outcome = { kind: "signal", signal: SIGKILL };

/** The exit status of a program that a signal ended is this plus the signal's number. */
export const SIGNAL_STATUS = 128;

/** The exit status of a program whose time was over, as for timeout(1). */
const TIMEOUT_STATUS = 124;

/**
 * The exit status for an outcome: the guest's own; 255 if it aborted or reported a trap; 128 plus the
 * number of a signal; 124 if its time was over; else 1.
 */
export function statusOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case "exit":
      return outcome.status;
    case "abort":
      return EXIT.ABORT;
    case "signal":
      return SIGNAL_STATUS + outcome.signal;
    case "limit":
      return outcome.limit === "consoleRate" ? EXIT.FAILURE : TIMEOUT_STATUS;
    case "fault":
      if (outcome.signal !== undefined) return SIGNAL_STATUS + outcome.signal;
      return outcome.reason === "trap" ? EXIT.ABORT : EXIT.FAILURE;
  }
}

/** Describes an outcome in one line; undefined if it needs none, or the guest has printed one. */
export function describe(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case "exit":
      return undefined;
    case "abort":
      return outcome.crash && describeCrash(outcome.crash);
    case "fault":
      if (outcome.crash !== undefined) return describeCrash(outcome.crash, outcome.message);
      // The guest has reported its trap itself.
      return outcome.reason === "trap" ? undefined : outcome.message;
    case "signal":
      return outcome.signal === SIGPIPE ? undefined : endedBy(outcome.signal);
    case "limit":
      return `stopped at its limit of ${limitText(outcome)}`;
  }
}

function endedBy(signal: number): string {
  return `ended by signal ${signal}`;
}

/** The outcome of a guest that a signal ended: a fault for the signals that the CPU or a filter causes. */
export function signalOutcome(signal: number): Outcome {
  const fault = FAULT_SIGNALS[signal];
  if (fault === undefined) return { kind: "signal", signal };
  return { kind: "fault", fault, reason: "signal", signal, message: endedBy(signal) };
}

/** The faults behind signals of Linux, by number: SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. */
const FAULT_SIGNALS: Readonly<Record<number, FaultKind>> = {
  4: "instruction",
  5: "trap",
  7: "memory",
  8: "arithmetic",
  11: "memory",
  31: "call",
};

function limitText({ limit, value }: LimitReached): string {
  switch (limit) {
    case "timeout":
      return seconds(value);
    case "cpuTime":
      return `${seconds(value)} of processor time`;
    case "consoleRate":
      return `${value} bytes a second on its console`;
  }
}

function seconds(milliseconds: number): string {
  const number = milliseconds / 1000;
  return `${number} second${number === 1 ? "" : "s"}`;
}
