/**
 * Alarms for a thread that may be in a system call for long: when its time is over, a signal is
 * pending that it blocks, so that it interrupts nothing but a call that asks for it
 * (`KVM_SET_SIGNAL_MASK`), and runs no handler.
 *
 * @module
 */
import { check, libc } from "./libc.ts";

const SIGALRM = 14;
const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIGEV_THREAD_ID = 4;
/** Clocks that an alarm can go by. */
const CLOCKS = { monotonic: 1, threadTime: 3 } as const;
/** Sizes of the C library's `sigset_t` and `struct sigevent`, in bytes. */
const SIGNAL_SET_SIZE = 128;
const SIGNAL_EVENT_SIZE = 64;

/** Alarms of this thread, for as long as this exists. */
export class Alarms implements Disposable {
  readonly #calls = libc({
    sigprocmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    sigtimedwait: { parameters: ["buffer", "usize", "buffer"], result: "i32" },
    timer_create: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    timer_settime: { parameters: ["usize", "i32", "buffer", "usize"], result: "i32" },
    timer_delete: { parameters: ["usize"], result: "i32" },
    gettid: { parameters: [], result: "i32" },
  });
  readonly #set = new Uint8Array(SIGNAL_SET_SIZE);
  readonly #timers: bigint[] = [];

  constructor() {
    this.#set[(SIGALRM - 1) >> 3] = 1 << ((SIGALRM - 1) & 7);
    check(this.#calls.sigprocmask(SIG_BLOCK, this.#set, null), "sigprocmask");
  }

  /** Sets an alarm, so many milliseconds of a clock from now. */
  set(clock: keyof typeof CLOCKS, milliseconds: number): void {
    const event = new Int32Array(SIGNAL_EVENT_SIZE / 4);
    event.set([SIGALRM, SIGEV_THREAD_ID, this.#calls.gettid()], 2);
    const id = new BigUint64Array(1);
    check(this.#calls.timer_create(CLOCKS[clock], event, id), "timer_create");
    this.#timers.push(id[0]!);
    const nanoseconds = BigInt(Math.ceil(milliseconds * 1e6));
    const moment = BigInt64Array.of(
      0n,
      0n,
      nanoseconds / 1_000_000_000n,
      nanoseconds % 1_000_000_000n,
    );
    check(this.#calls.timer_settime(id[0]!, 0, moment, 0n), "timer_settime");
  }

  /** Turns off those that have not gone off, and forgets those that have. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) this.#calls.timer_delete(timer);
    this.#calls.sigtimedwait(this.#set, 0n, new BigInt64Array(2));
    this.#calls.sigprocmask(SIG_UNBLOCK, this.#set, null);
  }
}
