/**
 * How a run ended: a value, the same for both targets. Only the command makes a message and a status of it.
 *
 * @module
 */
import { EXIT } from "../abi/solo5.ts";
import { SIGKILL, SIGPIPE } from "../linux/constants.ts";
import { type CoreFile, type Crash, describeCrash } from "./crash.ts";

/** What broke, in terms that every target has. */
export type FaultKind =
  /**
   * The guest touched memory that it does not have, or in a way that its segments forbid. A general
   * protection fault counts as this, as Linux counts it.
   */
  | "memory"
  /** An instruction that the CPU, or KVM in its place, does not execute, or that stops it for ever. */
  | "instruction"
  /** A division by zero or the like. */
  | "arithmetic"
  /** It asked for what no guest may: a forbidden system call, or no hypercall as the contract has it. */
  | "call"
  /** A trap of the CPU that is none of the above, or of which nothing more is known. */
  | "trap"
  /** Not the guest's doing: the host refused, or stopped for a reason of its own. */
  | "host";

/** How a fault came to light. Each target has its own ways. */
export type FaultReason =
  /** hvt: a trap of the CPU, which the guest's bindings reported. */
  | "trap"
  /** spt: a signal ended the guest's process. */
  | "signal"
  /** hvt: the guest touched memory of its own in a way that its segments forbid. */
  | "translation"
  /** hvt: the guest reached for memory that it does not have. */
  | "mmio"
  /** hvt: a trap with no way to handle it. */
  | "triple-fault"
  /** hvt: the guest halted the CPU, and nothing would wake it. */
  | "halted"
  /** hvt: input or output that is no hypercall. */
  | "port"
  /** hvt: a hypercall with an address or a length outside of what the guest may use. */
  | "hypercall"
  /** hvt: this host's KVM cannot emulate an instruction of the guest. */
  | "emulation"
  /** The host refused or stopped for a reason of its own. */
  | "host";

/** What a guest leaves that gave up or broke. On spt the kernel keeps it to itself. */
export interface CrashReport {
  /** Where and how it crashed (hvt). */
  readonly crash?: Crash;
  /** Its core file, if one was asked for. */
  readonly core?: CoreFile;
}

/** The end of a guest that broke. */
export interface Fault extends CrashReport {
  /** Tells it from other ends. */
  readonly kind: "fault";
  /** What broke; the same mistake is the same on every target, wherever the hardware lets it be. */
  readonly fault: FaultKind;
  /** How it came to light. */
  readonly reason: FaultReason;
  /** One line: what happened and where. */
  readonly message: string;
  /** The guest's address that it is about, where there is one; past 2^53 it is rounded. */
  readonly address?: number;
  /** The number of the signal, where the reason is one. */
  readonly signal?: number;
  /** Address of the trap frame, where the reason is a trap. */
  readonly frame?: number;
}

/** The end of a guest that was stopped at a limit. */
export interface LimitReached {
  /** Tells it from other ends. */
  readonly kind: "limit";
  /** Which limit, by its name among those that the run was given. */
  readonly limit: "timeout" | "cpuTime" | "consoleRate";
  /** How much it was: milliseconds, or bytes a second. */
  readonly value: number;
}

/** How a run ended. */
export type Outcome =
  /** The guest exited with a status of 0 to 254. */
  | { readonly kind: "exit"; readonly status: number }
  /** The guest gave up (`solo5_abort`, or an exit with 255). */
  | { readonly kind: "abort" } & CrashReport
  /** The guest broke, or the host did. */
  | Fault
  /** A signal from outside ended it: it was killed (9), or nobody reads its console any more (13). */
  | { readonly kind: "signal"; readonly signal: number }
  /** It used up what it was given. */
  | LimitReached;

/** How a guest ends that is killed. */
export const KILLED: Outcome = { kind: "signal", signal: SIGKILL };

/** What a shell adds to the number of the signal that ended a program. */
export const SIGNAL_STATUS = 128;

/** The status of a program that was stopped because its time was over, as timeout(1) has it. */
const TIMEOUT_STATUS = 124;

/**
 * The exit status that stands for an outcome: the guest's own, 255 if it gave up or reported a trap, 128 and
 * the number of a signal, 124 at the end of its time, else 1.
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

/** The line that tells a person about an outcome; undefined where the guest, or nobody, has to. */
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

/** What a signal says of a guest of which nothing more is known: a fault for those that the CPU or a filter causes. */
export function signalOutcome(signal: number): Outcome {
  const fault = FAULT_SIGNALS[signal];
  if (fault === undefined) return { kind: "signal", signal };
  return { kind: "fault", fault, reason: "signal", signal, message: endedBy(signal) };
}

/** What signals of Linux say, by their numbers: SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. */
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
