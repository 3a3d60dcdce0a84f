/**
 * Watches any number of descriptors: one thread waits for all of them, and this one is told which are
 * ready.
 *
 * @module
 */
import { viewOf } from "../abi/layout.ts";
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLIN,
} from "./constants.ts";
import { EpollEvent } from "./epoll_event.ts";
import { check, closeDescriptor, ERRNO, errno, libc, seldom } from "./libc.ts";
import { type OwnMemory, ownMemory } from "./memory.ts";

const c = libc({
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait_apart: {
    name: "epoll_wait",
    parameters: ["i32", "usize", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
});

/** Calls for those who give up waiting: most programs never do. */
let bellCalls: ReturnType<typeof bindBellCalls> | undefined;

function bindBellCalls() {
  return seldom({
    eventfd: { parameters: ["u32", "i32"], result: "i32" },
    eventfd_read: { parameters: ["i32", "buffer"], result: "i32" },
    eventfd_write: { parameters: ["i32", "u64"], result: "i32" },
  });
}

/** Events that are taken at once. */
const EVENTS = 256;
const FOREVER = -1;
/** The key of the descriptor that ends a wait. */
const BELL = 0;

/** A descriptor that is watched. */
export interface Watch {
  /** Is not told of it until {@linkcode resume}. */
  pause(): void;
  resume(): void;
  /** Is told of other events from now on; see {@linkcode WatchOptions.events}. */
  change(events: number): void;
  /** Ends the watch. The descriptor stays open. */
  end(): void;
}

/** How to watch a descriptor. */
export interface WatchOptions {
  /** Is called with the events that there are, for as long as there are any. It must not throw. */
  readonly ready: (events: number) => void;
  /** Those of `epoll_ctl(2)` that it is watched for; to have something to read if not given. */
  readonly events?: number;
  /** Whether to wait for it: what is watched besides is looked at only meanwhile. */
  readonly awaited: boolean;
}

/** Descriptors that are watched. It belongs to the thread that made it. */
export class Watcher implements Disposable {
  readonly #epoll: number;
  /** Not the runtime's, which frees its own where this thread is ended while the other one waits. */
  readonly #events: OwnMemory;
  readonly #watched = new Map<number, WatchOptions>();
  #last = BELL;
  /** How many of them are waited for. */
  #awaited = 0;
  #serving = false;
  /** The wait of the other thread, or its last one. */
  #call: Promise<number> | undefined;
  /** Ends a wait that is for nothing any more. */
  #bell: number | undefined;

  /** @throws {SystemError} if there are too many descriptors */
  constructor() {
    this.#events = ownMemory(EVENTS * EpollEvent.size);
    this.#epoll = check(c.epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  }

  /**
   * Watches a descriptor.
   *
   * @throws {SystemError} if it cannot be watched
   */
  watch(fd: number, options: WatchOptions): Watch {
    const key = ++this.#last;
    const { events = EPOLLIN, awaited } = options;
    this.#control(EPOLL_CTL_ADD, { fd, key, events });
    this.#watched.set(key, options);
    if (awaited) {
      this.#awaited++;
      this.#serve();
    }
    const change = (events: number) => this.#control(EPOLL_CTL_MOD, { fd, key, events });
    return {
      change,
      pause: () => change(0),
      resume: () => change(events),
      end: () => {
        if (!this.#watched.delete(key)) return;
        if (awaited) this.#awaited--;
        this.#control(EPOLL_CTL_DEL, { fd, key, events: 0 });
      },
    };
  }

  /** Waits until the other thread is done, where nothing is waited for any more. */
  async settle(): Promise<void> {
    if (!this.#serving || this.#awaited > 0) return;
    this.#ring();
    await this.#call;
  }

  /** Nothing may be waited for any more. What it watches stays open. */
  [Symbol.dispose](): void {
    if (this.#bell !== undefined) closeDescriptor(this.#bell);
    closeDescriptor(this.#epoll);
    this.#events.free();
  }

  /** Waits until nothing is left to wait for. */
  async #serve(): Promise<void> {
    if (this.#serving) return;
    this.#serving = true;
    while (this.#awaited > 0) {
      this.#call = c.epoll_wait_apart(this.#epoll, this.#events.address, EVENTS, FOREVER);
      const count = await this.#call;
      // It was called on another thread, whose error is lost: only a signal can interrupt it.
      if (count > 0) this.#tell(count);
    }
    this.#serving = false;
  }

  #ring(): void {
    bellCalls ??= bindBellCalls();
    if (this.#bell === undefined) {
      this.#bell = check(bellCalls.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
      this.#control(EPOLL_CTL_ADD, { fd: this.#bell, key: BELL, events: EPOLLIN });
    }
    bellCalls.eventfd_write(this.#bell, 1n);
  }

  #tell(count: number): void {
    const view = viewOf(this.#events.bytes);
    for (let at = 0; at < count * EpollEvent.size; at += EpollEvent.size) {
      const key = view.getUint32(at + EpollEvent.data, true);
      if (key === BELL) bellCalls!.eventfd_read(this.#bell!, new BigUint64Array(1));
      // What was told before may have ended the watch.
      this.#watched.get(key)?.ready(view.getUint32(at, true));
    }
  }

  #control(
    operation: number,
    { fd, key, events }: { fd: number; key: number; events: number },
  ): void {
    const event = new DataView(new ArrayBuffer(EpollEvent.size));
    event.setUint32(0, events, true);
    event.setUint32(EpollEvent.data, key, true);
    const result = c.epoll_ctl(this.#epoll, operation, fd, event);
    if (result < 0 && errno() !== ERRNO.ENOENT) check(result, "epoll_ctl");
  }
}
