/**
 * The result of an examination of this host, as a value.
 *
 * @module
 */
import type { Permit } from "../../linux/permit.ts";

/** The state of one thing that unikernels need of a host. */
export interface Finding {
  /** What was examined. */
  readonly subject: string;
  /** With a fault something does not work at all; with a warning it works, but not well. */
  readonly state: "ok" | "warning" | "fault";
  /** One line: what is there, or what is wrong. */
  readonly detail: string;
  /** The command that fixes it; every fault has one. */
  readonly fix?: string;
}

/** The command of a permit, followed by a new login if it takes effect only then. */
export function withLogin({ command, login }: Permit): string {
  return login ? `${command} && exec su - "$USER"` : command;
}

/**
 * The message of one of this project's errors.
 *
 * @throws {unknown} any other error, which is a fault of the examination itself
 */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && /^(System|Tender)Error$/.test(error.name)) return error.message;
  throw error;
}
