/**
 * Waits for descriptors on the event loop: for any number of them, once each.
 *
 * @module
 */
import { EPOLLIN, EPOLLOUT } from "./constants.ts";
import { type Watch, Watcher } from "./watch.ts";

/** What to wait for; the end of a connection, or an error, is both. */
export type Readiness = "readable" | "writable";

const EVENTS = { readable: EPOLLIN, writable: EPOLLOUT } as const;

/** Those who wait for one descriptor. */
interface Waiting {
  readonly watch: Watch;
  readonly waiters: Map<Readiness, PromiseWithResolvers<void>>;
}

const waiting = new Map<number, Waiting>();
/** There is one a thread, since a program's waits have nothing else in common. */
let watcher: Watcher | undefined;

/**
 * Waits until a descriptor is ready, or its connection has ended, or somebody gives it up.
 *
 * @throws {SystemError} if it cannot be waited for, as a file cannot
 */
export function untilReady(fd: number, what: Readiness): Promise<void> {
  const waiter = waiting.get(fd)?.waiters.get(what) ?? Promise.withResolvers<void>();
  const known = waiting.get(fd);
  if (known === undefined) {
    watcher ??= new Watcher();
    const ready = (events: number) => tell(fd, events);
    const watch = watcher.watch(fd, { ready, events: EVENTS[what], awaited: true });
    waiting.set(fd, { watch, waiters: new Map([[what, waiter]]) });
  } else {
    known.waiters.set(what, waiter);
    known.watch.change(eventsOf(known));
  }
  return waiter.promise;
}

/**
 * Ends every wait for a descriptor, which can then be closed.
 *
 * @returns once the other thread is done with it
 */
export async function giveUpWaiting(fd: number): Promise<void> {
  const given = waiting.get(fd);
  if (given === undefined) return;
  waiting.delete(fd);
  given.watch.end();
  for (const { resolve } of given.waiters.values()) resolve();
  await watcher!.settle();
}

/** Tells those who wait for a descriptor of its events, and goes on waiting for the others. */
function tell(fd: number, events: number): void {
  const told = waiting.get(fd)!;
  const both = (events & ~(EPOLLIN | EPOLLOUT)) !== 0;
  for (const [what, { resolve }] of told.waiters) {
    if (!both && (events & EVENTS[what]) === 0) continue;
    told.waiters.delete(what);
    resolve();
  }
  if (told.waiters.size > 0) return told.watch.change(eventsOf(told));
  waiting.delete(fd);
  told.watch.end();
}

function eventsOf({ waiters }: Waiting): number {
  return [...waiters.keys()].reduce((events, what) => events | EVENTS[what], 0);
}
