/**
 * Alarms for a thread that may be in a system call for long: when its time is over, a signal is
 * pending that it blocks, so that it interrupts nothing but a call that asks for it
 * (`KVM_SET_SIGNAL_MASK`), and runs no handler.
 *
 * @module
 */
import { check, seldom } from "./libc.ts";

const SIGALRM = 14;
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIGEV_THREAD_ID = 4;
/** Clocks that an alarm can go by. */
const CLOCKS = { monotonic: 1, threadTime: 3 } as const;
/** Sizes of the C library's `sigset_t` and `struct sigevent`, in bytes. */
const SIGNAL_SET_SIZE = 128;
const SIGNAL_EVENT_SIZE = 64;
/** An alarm goes on at this rate, in nanoseconds: one may be taken for another's. */
const AGAIN = 10_000_000n;
const SECOND = 1_000_000_000n;

const SIGNAL_SET = new Uint8Array(SIGNAL_SET_SIZE);
SIGNAL_SET[(SIGALRM - 1) >> 3] = 1 << ((SIGALRM - 1) & 7);

/** How many have alarms: while there is one, the signal stays blocked. */
let users = 0;

/** Alarms of this thread, for as long as this exists. */
export class Alarms implements Disposable {
  readonly #calls = seldom({
    sigprocmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    sigtimedwait: { parameters: ["buffer", "usize", "buffer"], result: "i32" },
    timer_create: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    timer_settime: { parameters: ["usize", "i32", "buffer", "usize"], result: "i32" },
    timer_delete: { parameters: ["usize"], result: "i32" },
    gettid: { parameters: [], result: "i32" },
  });
  readonly #timers: bigint[] = [];

  constructor() {
    check(this.#calls.sigprocmask(SIG_BLOCK, SIGNAL_SET, null), "sigprocmask");
    users++;
  }

  /** Sets an alarm, so many nanoseconds of a clock from now. */
  set(clock: keyof typeof CLOCKS, nanoseconds: bigint): void {
    const event = new Int32Array(SIGNAL_EVENT_SIZE / 4);
    event.set([SIGALRM, SIGEV_THREAD_ID, this.#calls.gettid()], 2);
    const id = new BigUint64Array(1);
    check(this.#calls.timer_create(CLOCKS[clock], event, id), "timer_create");
    this.#timers.push(id[0]!);
    const moment = BigInt64Array.of(0n, AGAIN, nanoseconds / SECOND, nanoseconds % SECOND);
    check(this.#calls.timer_settime(id[0]!, 0, moment, 0n), "timer_settime");
  }

  /** Takes an alarm back that has gone off; look at the clock after this, not before. */
  consume(): void {
    this.#calls.sigtimedwait(SIGNAL_SET, 0n, new BigInt64Array(2));
  }

  /** Turns all of them off. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) this.#calls.timer_delete(timer);
    if (--users > 0) return;
    this.consume();
    this.#calls.sigprocmask(SIG_UNBLOCK, SIGNAL_SET, null);
  }
}
