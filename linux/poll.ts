/**
 * Waiting: for a point in time, or for descriptors to have something to read, whichever comes first.
 *
 * @module
 */
import {
  CLOCK_MONOTONIC,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLLIN,
  TFD_CLOEXEC,
  TFD_TIMER_ABSTIME,
} from "./constants.ts";
import { monotonic } from "./clock.ts";
import { EpollEvent } from "./epoll_event.ts";
import { check, closeDescriptor, ERRNO, errno, libc, seldom } from "./libc.ts";

const c = libc({
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  epoll_wait_apart: {
    name: "epoll_wait",
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  timerfd_settime: { parameters: ["i32", "i32", "buffer", "usize"], result: "i32" },
});
const setUp = seldom({
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
});

const NANOSECONDS = 1_000_000_000n;
/** Latest moment that the timer is set to, in nanoseconds: centuries away, and small enough for its fields. */
const LATEST = 2n ** 62n;
/** Highest handle, which is also the number of sources there can be. */
const HANDLE_MAX = 63;
/** The handle that stands for the timer: no device has it. */
const TIMER = 0;
const NOW = 0;
const FOREVER = -1;

/** A descriptor to wait on, and the bit that stands for it in a set of handles. */
export interface Source {
  readonly fd: number;
  /** 1 to 63. */
  readonly handle: number;
  /** What an error calls it. */
  readonly name?: string;
}

/** A fixed list of descriptors, waited on together; any event of theirs counts, a hang-up too. */
export class PollSet implements Disposable {
  readonly #epoll: number;
  readonly #timer: number;
  /** Room for an event of every source and of the timer. */
  readonly #events: DataView<ArrayBuffer> = new DataView(
    new ArrayBuffer((HANDLE_MAX + 1) * EpollEvent.size),
  );
  #closed = false;
  /** The {@linkcode PollSet.waitApart} that is under way. */
  #apart: Promise<unknown> | undefined;
  /** `struct itimerspec`: an interval, which stays 0, then the moment; seconds and nanoseconds each. */
  readonly #moment = new BigInt64Array(4);
  /**
   * Room for the events of {@linkcode PollSet.waitApart}, which nobody reads. The runtime does not keep
   * the memory that a call on another thread works with, so this does.
   */
  readonly #eventsApart = new Uint8Array((HANDLE_MAX + 1) * EpollEvent.size);

  /** @throws {SystemError} if a descriptor cannot be waited on */
  constructor(sources: readonly Source[]) {
    using undo = new DisposableStack();
    this.#epoll = undo.adopt(
      check(setUp.epoll_create1(EPOLL_CLOEXEC), "epoll_create1"),
      closeDescriptor,
    );
    const timer = check(setUp.timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), "timerfd_create");
    this.#timer = undo.adopt(timer, closeDescriptor);
    for (const source of [{ fd: this.#timer, handle: TIMER }, ...sources]) this.#add(source);
    undo.move();
  }

  /** The handles that are ready now. */
  ready(): bigint {
    return this.#poll(NOW);
  }

  /**
   * Blocks until a descriptor is ready or the {@linkcode monotonic} clock reaches `deadline`, never
   * less; a signal does not end the wait.
   *
   * @returns the set of ready handles (bit = handle); 0 when the deadline came first
   */
  wait(deadline: bigint): bigint {
    this.#setTimer(deadline);
    for (;;) {
      const ready = this.#poll(FOREVER);
      if (ready !== 0n || monotonic() >= deadline) return ready;
    }
  }

  /**
   * Has a descriptor be readable once a descriptor is ready or the clock reaches `deadline`.
   *
   * @returns that descriptor, which belongs to this
   */
  arm(deadline: bigint): number {
    this.#setTimer(deadline);
    return this.#epoll;
  }

  /**
   * Waits as {@linkcode wait} does, but on another thread, and may return early: call it again then.
   * One such wait at a time. It ends when the set is disposed of.
   */
  async waitApart(deadline: bigint): Promise<void> {
    this.#setTimer(deadline);
    this.#apart = c.epoll_wait_apart(this.#epoll, this.#eventsApart, HANDLE_MAX + 1, FOREVER);
    await this.#apart;
    this.#apart = undefined;
  }

  /** Ends a {@linkcode waitApart} that is under way; does nothing once the set is closed. */
  wake(): void {
    if (!this.#closed) this.#setTimer(0n);
  }

  /** Closes its own descriptors; those that it waits on stay open. */
  [Symbol.dispose](): void {
    const close = () => {
      closeDescriptor(this.#timer);
      closeDescriptor(this.#epoll);
    };
    if (this.#apart === undefined) {
      close();
    } else {
      // A thread that waits on a closed set would wait for ever.
      this.wake();
      this.#apart.then(close);
    }
    this.#closed = true;
  }

  #add({ fd, handle, name }: Source): void {
    const event = new DataView(new ArrayBuffer(EpollEvent.size));
    event.setUint32(0, EPOLLIN, true);
    event.setUint32(EpollEvent.data, handle, true);
    check(setUp.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, fd, event), "epoll_ctl", name);
  }

  /** Sets the timer to a moment, which may be past, and forgets that it went off before. */
  #setTimer(deadline: bigint): void {
    // A moment of 0 would turn the timer off.
    const moment = deadline < 1n ? 1n : deadline < LATEST ? deadline : LATEST;
    this.#moment[2] = moment / NANOSECONDS;
    this.#moment[3] = moment % NANOSECONDS;
    check(
      c.timerfd_settime(this.#timer, TFD_TIMER_ABSTIME, this.#moment, 0n),
      "timerfd_settime",
    );
  }

  #poll(milliseconds: number): bigint {
    const count = c.epoll_wait(this.#epoll, this.#events, HANDLE_MAX + 1, milliseconds);
    if (count < 0 && errno() === ERRNO.EINTR) return 0n;
    check(count, "epoll_wait");
    let set = 0n;
    for (let index = 0; index < count; index++) {
      const handle = this.#events.getUint32(index * EpollEvent.size + EpollEvent.data, true);
      if (handle !== TIMER) set |= 1n << BigInt(handle);
    }
    return set;
  }
}
