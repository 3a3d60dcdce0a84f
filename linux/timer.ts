/**
 * A timer that is a descriptor (timerfd) of the monotonic clock: when it goes off, as whoever shares the
 * descriptor finds it and sets it.
 *
 * @module
 */
import { monotonic } from "./clock.ts";
import { POLLIN, TFD_TIMER_ABSTIME } from "./constants.ts";
import { check, seldom } from "./libc.ts";

const c = seldom({
  timerfd_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  timerfd_settime: { parameters: ["i32", "i32", "buffer", "usize"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
});

const SECOND = 1_000_000_000n;

/** When a timer goes off, in nanoseconds: 0 if it has, undefined if it is not set. */
export function timerDeadline(fd: number): bigint | undefined {
  // `struct itimerspec`: an interval, then the time that is left; seconds and nanoseconds each.
  const left = new BigInt64Array(4);
  check(c.timerfd_gettime(fd, left), "timerfd_gettime");
  const nanoseconds = left[2]! * SECOND + left[3]!;
  if (nanoseconds > 0n) return monotonic() + nanoseconds;
  return check(c.poll(Int32Array.of(fd, POLLIN), 1n, 0), "poll") > 0 ? 0n : undefined;
}

/** Sets a timer to a moment, in nanoseconds; one that is past lets it go off at once. */
export function setTimer(fd: number, deadline: bigint): void {
  // A moment of 0 would turn the timer off.
  const moment = deadline < 1n ? 1n : deadline;
  const setting = BigInt64Array.of(0n, 0n, moment / SECOND, moment % SECOND);
  check(c.timerfd_settime(fd, TFD_TIMER_ABSTIME, setting, 0n), "timerfd_settime");
}
