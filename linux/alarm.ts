/**
 * Alarms for a thread that may stay in a system call for a long time. An alarm is a signal that the
 * thread blocks: it interrupts only the calls that ask for it, by `KVM_SET_SIGNAL_MASK` or by
 * {@linkcode Alarms.interrupting}.
 *
 * @module
 */
import {
  SIG_BLOCK,
  SIG_UNBLOCK,
  SIGACTION_SIZE,
  SIGEV_THREAD_ID,
  SIGNAL_EVENT_SIZE,
  SIGNAL_SET_SIZE,
} from "./constants.ts";
import { codePage } from "./code_page.ts";
import { check, seldom } from "./libc.ts";

/** The last real-time signal: the runtime has no name for it, so that no program listens for it. */
const SIGNAL = 64;
/** Clocks that an alarm can use. */
const CLOCKS = { monotonic: 1, threadTime: 3 } as const;
/**
 * An alarm repeats after this time, in nanoseconds: the first signal may be taken for another alarm's,
 * or come just before the call that it should interrupt.
 */
const AGAIN = 10_000_000n;
const SECOND = 1_000_000_000n;

const SIGNAL_SET = new Uint8Array(SIGNAL_SET_SIZE);
SIGNAL_SET[(SIGNAL - 1) >> 3] = 1 << ((SIGNAL - 1) & 7);

/** A handler that does nothing: `ret`. */
const HANDLER = { x86_64: [0xc3], aarch64: [0xc0, 0x03, 0x5f, 0xd6] }[Deno.build.arch];

let handled = false;

/** Number of live `Alarms`: while there is one, the signal stays blocked. */
let users = 0;

/** Bound when they are needed, and once. */
let bound: ReturnType<typeof bind> | undefined;

function bind() {
  return seldom({
    sigprocmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    sigtimedwait: { parameters: ["buffer", "usize", "buffer"], result: "i32" },
    sigaction: { parameters: ["i32", "buffer", "usize"], result: "i32" },
    timer_create: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    timer_settime: { parameters: ["usize", "i32", "buffer", "usize"], result: "i32" },
    timer_delete: { parameters: ["usize"], result: "i32" },
    gettid: { parameters: [], result: "i32" },
  });
}

/** Alarms of this thread, for as long as this exists. */
export class Alarms implements Disposable {
  readonly #calls = bound ??= bind();
  readonly #timers: bigint[] = [];

  constructor() {
    check(this.#calls.sigprocmask(SIG_BLOCK, SIGNAL_SET, null), "sigprocmask");
    users++;
    this.#handle();
  }

  /** Makes the signal interrupt system calls and do nothing else, until this process ends. */
  #handle(): void {
    if (handled) return;
    const action = new Uint8Array(SIGACTION_SIZE);
    const address = codePage(Uint8Array.from(HANDLER));
    new DataView(action.buffer).setBigUint64(0, BigInt(address), true);
    check(this.#calls.sigaction(SIGNAL, action, 0n), "sigaction");
    handled = true;
  }

  /**
   * Sets an alarm that goes off after a number of nanoseconds of a clock.
   *
   * @param again how long after that it repeats, in nanoseconds
   */
  set(clock: keyof typeof CLOCKS, nanoseconds: bigint, { again = AGAIN } = {}): void {
    const event = new Int32Array(SIGNAL_EVENT_SIZE / 4);
    event.set([SIGNAL, SIGEV_THREAD_ID, this.#calls.gettid()], 2);
    const id = new BigUint64Array(1);
    check(this.#calls.timer_create(CLOCKS[clock], event, id), "timer_create");
    this.#timers.push(id[0]!);
    const moment = BigInt64Array.of(0n, again, nanoseconds / SECOND, nanoseconds % SECOND);
    check(this.#calls.timer_settime(id[0]!, 0, moment, 0n), "timer_settime");
  }

  /** Clears a pending alarm. Read the clock after this call, not before. */
  consume(): void {
    this.#calls.sigtimedwait(SIGNAL_SET, 0n, new BigInt64Array(2));
  }

  /**
   * Makes a call in which an alarm interrupts system calls: they fail with `EINTR`, or do only a part
   * of their work. An alarm that comes before the system call repeats, and interrupts it then.
   */
  interrupting<T>(call: () => T): T {
    this.#calls.sigprocmask(SIG_UNBLOCK, SIGNAL_SET, null);
    try {
      return call();
    } finally {
      this.#calls.sigprocmask(SIG_BLOCK, SIGNAL_SET, null);
    }
  }

  /** Turns all of them off. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers) this.#calls.timer_delete(timer);
    if (--users > 0) return;
    this.consume();
    this.#calls.sigprocmask(SIG_UNBLOCK, SIGNAL_SET, null);
  }
}
