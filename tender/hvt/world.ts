/**
 * The one door between a guest and the world: all that it can learn from outside of its machine, and
 * all that it can do there, goes through here, so that it can be recorded, replayed or faked.
 *
 * @module
 */
import { monotonic, realtime } from "../host/clock.ts";
import { STDOUT, writeAll } from "../host/console.ts";
import { PollSet } from "../host/poll.ts";

/** What a guest sees of the world. Times are in nanoseconds. */
export interface World {
  /** Time since the Unix epoch. */
  wallClock(): bigint;
  /** A clock that never goes back; it decides when a wait is over. */
  monotonic(): bigint;
  /**
   * Takes the console's output; the bytes are the guest's own memory, valid during the call only.
   *
   * @returns false when nobody reads it any more, which ends the guest
   */
  write(data: Uint8Array<ArrayBuffer>): boolean;
  /** Which of these handles (bit = handle) have something to read. */
  ready(handles: bigint): bigint;
}

/** The world of this process. */
export interface HostWorld extends World {
  /** Blocks until a handle is ready or the monotonic clock reaches `deadline`. */
  wait(deadline: bigint): void;
}

/** The host's clocks, and its standard output as the console. */
export function hostWorld(): HostWorld {
  const descriptors = new PollSet([]);
  return {
    wallClock: realtime,
    monotonic,
    write: (data) => writeAll(STDOUT, data),
    ready: (handles) => descriptors.ready() & handles,
    wait: (deadline) => void descriptors.wait(deadline),
  };
}
