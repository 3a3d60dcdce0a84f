/**
 * Writes to a descriptor that may be full for any length of time, while the event loop goes on.
 *
 * @module
 */
import { Alarms } from "./alarm.ts";
import { monotonic } from "./clock.ts";
import { POLLOUT, STDERR_FILENO } from "./constants.ts";
import { writePart } from "./console.ts";
import { libc } from "./libc.ts";

const c = libc({
  poll_apart: {
    name: "poll",
    parameters: ["buffer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
});

/** How long a write may block the event loop, in nanoseconds. */
const PATIENCE = 10_000_000n;
/** How long to wait on another thread before `stopped` is asked again, in milliseconds. */
const ATTENTION = 50;

/**
 * Writes all of `data`, or gives up when it is told to.
 *
 * @param options `stopped`: whether to give up; called several times a second while the descriptor is full
 * @returns false when nobody reads any more
 * @throws {SystemError} when the descriptor cannot be written to
 */
export async function writeApart(
  fd: number,
  data: Uint8Array<ArrayBuffer>,
  { stopped }: { stopped: () => boolean },
): Promise<boolean> {
  // The runtime does not keep the memory that a call on another thread works with: this does.
  const wanted = Int32Array.of(fd, POLLOUT);
  for (let rest: typeof data | undefined = data; !stopped();) {
    rest = writeBriefly(fd, rest);
    if (rest === undefined) return false;
    if (rest.length === 0) break;
    await c.poll_apart(wanted, 1n, ATTENTION);
  }
  return true;
}

/** Writes to standard error, and gives up where nobody reads it. */
export async function sayBriefly(text: string): Promise<void> {
  let tries = 3;
  await writeApart(STDERR_FILENO, new TextEncoder().encode(text), { stopped: () => tries-- === 0 });
}

/** Writes as {@linkcode writePart} does, and gives up after {@linkcode PATIENCE}. */
function writeBriefly(fd: number, data: Uint8Array<ArrayBuffer>): typeof data | undefined {
  using alarms = new Alarms();
  alarms.set("monotonic", PATIENCE);
  const end = monotonic() + PATIENCE;
  return alarms.interrupting(() => writePart(fd, data, () => monotonic() >= end));
}
