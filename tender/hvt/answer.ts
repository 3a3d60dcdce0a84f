/**
 * What hypercalls work with, and how they can end.
 *
 * @module
 */
import type { Outcome } from "../outcome.ts";
import type { Ended, Wait } from "../run/run.ts";
import type { GuestView } from "./guest_view.ts";
import type { World } from "./world.ts";

/** What hypercalls work with. */
export interface Context {
  readonly guest: GuestView;
  readonly world: World;
  /** The handles that a poll waits for (bit = handle). */
  readonly handles: bigint;
  /** Address of the network ring; undefined if the guest was not offered one. */
  readonly ring?: number;
}

/** The wait of a guest that polls. */
export interface PollWait extends Wait {
  /** When the guest's own timeout ends. An observer that has to act earlier sets an earlier `deadline`. */
  readonly until: bigint;
}

/** Why a guest does not go on after a hypercall: it ended, or waits; undefined if it goes on. */
export type Answer = Ended | PollWait | undefined;

/** Thrown inside of a run, by observers for example, to end it. */
export class RunEnded extends Error {
  override readonly name = "RunEnded";
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(`the run ended: ${outcome.kind}`);
    this.outcome = outcome;
  }
}

/** Does a hypercall; its argument block lies at `block`, which was checked. */
export type Handler = (context: Context, block: number) => Answer;

/** The answer that ends a run. */
export function ended(outcome: Outcome): Ended {
  return { kind: "ended", outcome };
}

/** The answer to a poll that waits for one of these handles, or until the world's monotonic clock reaches `until`. */
export function waitUntil(until: bigint, handles: bigint): PollWait {
  return { kind: "wait", deadline: until, handles, until };
}

/** The end of a guest that named memory which it may not read, or not write. */
export function badRange(
  subject: string,
  access: "read" | "write",
  { address, length }: { address: number; length: number },
): Ended {
  const message = `hypercall ${subject} at 0x${address.toString(16)}, ${length} bytes: ` +
    `not memory that the guest may ${access}`;
  return ended({ kind: "fault", fault: "call", reason: "hypercall", message, address });
}
