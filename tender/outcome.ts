/**
 * How a run ended: a value, the same for both targets. Only the command makes a message and a status of it.
 *
 * @module
 */
import { EXIT } from "../abi/solo5.ts";
import { SIGKILL, SIGPIPE } from "../linux/constants.ts";
import { type CoreFile, type Crash, describeCrash } from "./crash.ts";

/** What broke, where the end was not the guest's own doing. */
export type FaultReason =
  /** The guest touched memory of its own in a way that its segments forbid. */
  | "translation"
  /** The guest reached for memory that it does not have. */
  | "mmio"
  /** The CPU gave up: a trap with no way to handle it. */
  | "triple-fault"
  /** The guest halted the CPU, and nothing will wake it. */
  | "halted"
  /** Input or output that is no hypercall. */
  | "port"
  /** A hypercall with an address or a length outside of what the guest may use. */
  | "hypercall"
  /** This host's KVM cannot emulate an instruction of the guest. */
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

/** How a run ended. */
export type Outcome =
  /** The guest exited with a status of 0 to 254. */
  | { readonly kind: "exit"; readonly status: number }
  /** The guest gave up (`solo5_abort`, a CPU trap); `trap` is the address of its trap frame, or 0. */
  | { readonly kind: "abort"; readonly trap: number } & CrashReport
  | {
    readonly kind: "fault";
    readonly reason: FaultReason;
    /** One line: what happened and where. */
    readonly message: string;
    /** The guest's address that it is about, where there is one. */
    readonly address?: number;
  } & CrashReport
  /** A signal ended it. */
  | { readonly kind: "signal"; readonly signal: number }
  /** It used up what it was given; `limit` says how much of what that was. */
  | { readonly kind: "limit"; readonly resource: "time" | "console"; readonly limit: string };

/** How a guest ends that is killed. */
export const KILLED: Outcome = { kind: "signal", signal: SIGKILL };

/** What a shell adds to the number of the signal that ended a program. */
export const SIGNAL_STATUS = 128;

/** The status of a program that was stopped because its time was over, as timeout(1) has it. */
const TIMEOUT_STATUS = 124;

/** The exit status that stands for an outcome: the guest's own, 255 for an abort, 124 at the end of its time, else 1. */
export function statusOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case "exit":
      return outcome.status;
    case "abort":
      return EXIT.ABORT;
    case "signal":
      return SIGNAL_STATUS + outcome.signal;
    case "limit":
      return outcome.resource === "time" ? TIMEOUT_STATUS : EXIT.FAILURE;
    case "fault":
      return EXIT.FAILURE;
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
      return outcome.crash ? describeCrash(outcome.crash, outcome.message) : outcome.message;
    case "signal":
      return outcome.signal === SIGPIPE ? undefined : `ended by signal ${outcome.signal}`;
    case "limit":
      return `stopped at its limit of ${outcome.limit}`;
  }
}
