/**
 * Waits for descriptors on the event loop. However many wait, one other thread waits for them all, and
 * none when nobody waits.
 *
 * @module
 */
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
} from "./constants.ts";
import { check, ERRNO, errno, libc, seldom } from "./libc.ts";
import { EpollEvent } from "./epoll_event.ts";

const apart = libc({
  epoll_wait: {
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
});
const c = seldom({
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  eventfd_read: { parameters: ["i32", "buffer"], result: "i32" },
  eventfd_write: { parameters: ["i32", "u64"], result: "i32" },
});

/** What to wait for; the end of a connection, or an error, is both. */
export type Readiness = "readable" | "writable";

const EVENTS = { readable: EPOLLIN, writable: EPOLLOUT } as const;
const FOREVER = -1;
/** How many events one call returns. */
const MOST = 64;

/** Those who wait for one descriptor. */
type Waiters = Map<Readiness, PromiseWithResolvers<void>>;

/** See the module. There is one a thread, since a program's waits have nothing else in common. */
class Waiting {
  readonly #waiters = new Map<number, Waiters>();
  readonly #epoll = check(c.epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  /** Ends a wait that nobody needs any more. */
  readonly #bell = check(c.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  /** The runtime does not keep the memory that a call on another thread works with, so this does. */
  readonly #events = new DataView(new ArrayBuffer(MOST * EpollEvent.size));
  readonly #rung = new BigUint64Array(1);
  #running = false;
  /** The call that the other thread makes, or made last. */
  #call: Promise<number> | undefined;

  constructor() {
    this.#control(EPOLL_CTL_ADD, this.#bell, EPOLLIN);
  }

  until(fd: number, what: Readiness): Promise<void> {
    const waiters: Waiters = this.#waiters.get(fd) ?? new Map();
    const waiter = waiters.get(what) ?? Promise.withResolvers<void>();
    waiters.set(what, waiter);
    this.#watch(fd, waiters);
    this.#waiters.set(fd, waiters);
    if (!this.#running) this.#run();
    return waiter.promise;
  }

  async giveUp(fd: number): Promise<void> {
    const waiters = this.#waiters.get(fd);
    this.#waiters.delete(fd);
    c.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, fd, new Uint8Array(EpollEvent.size));
    waiters?.forEach(({ resolve }) => resolve());
    if (this.#waiters.size > 0 || !this.#running) return;
    c.eventfd_write(this.#bell, 1n);
    await this.#call;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiters.size > 0) {
      this.#call = apart.epoll_wait(this.#epoll, this.#events, MOST, FOREVER);
      const count = await this.#call;
      // Negative where a signal came.
      for (let index = 0; index < count; index++) {
        const at = index * EpollEvent.size;
        const fd = this.#events.getUint32(at + EpollEvent.data, true);
        if (fd === this.#bell) c.eventfd_read(this.#bell, this.#rung);
        else this.#tell(fd, this.#events.getUint32(at, true));
      }
    }
    this.#running = false;
  }

  /** Tells those who wait for a descriptor of its events, and goes on waiting for the others. */
  #tell(fd: number, events: number): void {
    const waiters = this.#waiters.get(fd);
    if (waiters === undefined) return;
    const both = (events & ~(EPOLLIN | EPOLLOUT)) !== 0;
    for (const [what, { resolve }] of waiters) {
      if (!both && (events & EVENTS[what]) === 0) continue;
      waiters.delete(what);
      resolve();
    }
    if (waiters.size === 0) this.#waiters.delete(fd);
    else this.#watch(fd, waiters);
  }

  #watch(fd: number, waiters: Waiters): void {
    let events = EPOLLONESHOT;
    for (const what of waiters.keys()) events |= EVENTS[what];
    if (this.#control(EPOLL_CTL_MOD, fd, events) >= 0) return;
    if (errno() !== ERRNO.ENOENT) check(-1, "epoll_ctl");
    check(this.#control(EPOLL_CTL_ADD, fd, events), "epoll_ctl");
  }

  #control(action: number, fd: number, events: number): number {
    const event = new DataView(new ArrayBuffer(EpollEvent.size));
    event.setUint32(0, events, true);
    event.setUint32(EpollEvent.data, fd, true);
    return c.epoll_ctl(this.#epoll, action, fd, event);
  }
}

let waiting: Waiting | undefined;

/**
 * Waits until a descriptor is ready, or its connection has ended, or somebody gives it up.
 *
 * @throws {SystemError} if it cannot be waited for, as a file cannot
 */
export function untilReady(fd: number, what: Readiness): Promise<void> {
  waiting ??= new Waiting();
  return waiting.until(fd, what);
}

/**
 * Ends every wait for a descriptor, which can then be closed.
 *
 * @returns once the other thread is done with it
 */
export async function giveUpWaiting(fd: number): Promise<void> {
  await waiting?.giveUp(fd);
}
