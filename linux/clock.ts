/**
 * The host's clocks, in nanoseconds and exact.
 *
 * @module
 */
import { CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID } from "./constants.ts";
import { check, libc } from "./libc.ts";

const c = libc({ clock_gettime: { parameters: ["i32", "buffer"], result: "i32" } });

const NANOSECONDS = 1_000_000_000n;

const now = new BigInt64Array(2);

/** Nanoseconds since the Unix epoch. */
export function realtime(): bigint {
  return read(CLOCK_REALTIME);
}

/** Nanoseconds of a clock that never goes back; its origin is arbitrary. */
export function monotonic(): bigint {
  return read(CLOCK_MONOTONIC);
}

/** Nanoseconds of processor time that this thread has used. */
export function threadTime(): bigint {
  return read(CLOCK_THREAD_CPUTIME_ID);
}

function read(clock: number): bigint {
  check(c.clock_gettime(clock, now), "clock_gettime");
  return now[0]! * NANOSECONDS + now[1]!;
}
