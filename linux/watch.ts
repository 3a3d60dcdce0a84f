/**
 * Watches any number of descriptors: one thread waits for all of them, and this one is told which are
 * ready.
 *
 * @module
 */
import { viewOf } from "../abi/layout.ts";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLIN,
} from "./constants.ts";
import { EpollEvent } from "./epoll_event.ts";
import { check, closeDescriptor, ERRNO, errno, libc } from "./libc.ts";
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

/** Events that are taken at once. */
const EVENTS = 256;
const FOREVER = -1;

/** A descriptor that is watched. */
export interface Watch {
  /** Is not told of it until {@linkcode resume}. */
  pause(): void;
  resume(): void;
  /** Ends the watch. The descriptor stays open. */
  end(): void;
}

/** How to watch a descriptor. */
export interface WatchOptions {
  /** Is called when it has something to read, for as long as that is so. It must not throw. */
  readonly ready: () => void;
  /** Whether to wait for it: what is watched besides is looked at only meanwhile. */
  readonly awaited: boolean;
}

/** Descriptors that are watched. It belongs to the thread that made it. */
export class Watcher implements Disposable {
  readonly #epoll: number;
  /** Not the runtime's, which frees its own where this thread is ended while the other one waits. */
  readonly #events: OwnMemory;
  readonly #watched = new Map<number, WatchOptions>();
  #last = 0;
  /** How many of them are waited for. */
  #awaited = 0;
  #waiting = false;

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
    this.#control(EPOLL_CTL_ADD, { fd, key, events: EPOLLIN });
    this.#watched.set(key, options);
    if (options.awaited) {
      this.#awaited++;
      this.#serve();
    }
    return {
      pause: () => this.#control(EPOLL_CTL_MOD, { fd, key, events: 0 }),
      resume: () => this.#control(EPOLL_CTL_MOD, { fd, key, events: EPOLLIN }),
      end: () => {
        if (!this.#watched.delete(key)) return;
        if (options.awaited) this.#awaited--;
        this.#control(EPOLL_CTL_DEL, { fd, key, events: 0 });
      },
    };
  }

  /** Nothing may be waited for any more. What it watches stays open. */
  [Symbol.dispose](): void {
    closeDescriptor(this.#epoll);
    this.#events.free();
  }

  /** Waits until nothing is left to wait for. */
  async #serve(): Promise<void> {
    if (this.#waiting) return;
    this.#waiting = true;
    while (this.#awaited > 0) {
      const count = await c.epoll_wait_apart(this.#epoll, this.#events.address, EVENTS, FOREVER);
      // It was called on another thread, whose error is lost: only a signal can interrupt it.
      if (count > 0) this.#tell(count);
    }
    this.#waiting = false;
  }

  #tell(count: number): void {
    const view = viewOf(this.#events.bytes);
    for (let at = 0; at < count * EpollEvent.size; at += EpollEvent.size) {
      // What was told before may have ended the watch.
      this.#watched.get(view.getUint32(at + EpollEvent.data, true))?.ready();
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
