/**
 * What an examination of this host comes to, as a value.
 *
 * @module
 */
import type { Permit } from "../../linux/permit.ts";

/** What was found about one thing that unikernels need of a host. */
export interface Finding {
  /** What was examined. */
  readonly subject: string;
  /** A fault keeps something from working at all; after a warning it works, but not well. */
  readonly state: "ok" | "warning" | "fault";
  /** One line: what is there, or what is wrong. */
  readonly detail: string;
  /** The command that mends it; there is one for every fault. */
  readonly fix?: string;
}

/** The command of a permit, and what makes it count at once. */
export function withLogin({ command, login }: Permit): string {
  return login ? `${command} && exec su - "$USER"` : command;
}

/** The message of an error that is one of this project's. Any other is a fault of the examination itself. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && /^(System|Tender)Error$/.test(error.name)) return error.message;
  throw error;
}
