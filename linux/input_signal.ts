/**
 * A signal that tells of input while this thread is in a long system call. The signal is blocked, so
 * that it interrupts only a call that asks for it (`KVM_SET_SIGNAL_MASK`), and no handler runs.
 *
 * @module
 */
import {
  F_GETFL,
  F_OWNER_TID,
  F_SETFL,
  F_SETOWN_EX,
  O_ASYNC,
  SIG_BLOCK,
  SIG_UNBLOCK,
  SIGIO,
  SIGNAL_SET_SIZE,
} from "./constants.ts";
import { check, seldom } from "./libc.ts";

const c = seldom({
  sigprocmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  sigtimedwait: { parameters: ["buffer", "usize", "buffer"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  fcntl_owner: { name: "fcntl", parameters: ["i32", "i32", "buffer"], result: "i32" },
  gettid: { parameters: [], result: "i32" },
});

/** The signal, blocked in this thread for as long as this exists. */
export class InputSignal implements Disposable {
  readonly #set = new Uint8Array(SIGNAL_SET_SIZE);

  constructor() {
    this.#set[(SIGIO - 1) >> 3] = 1 << ((SIGIO - 1) & 7);
    check(c.sigprocmask(SIG_BLOCK, this.#set, null), "sigprocmask");
  }

  /** Raises the signal when a socket has input. */
  watch(fd: number): void {
    check(c.fcntl_owner(fd, F_SETOWN_EX, Int32Array.of(F_OWNER_TID, c.gettid())), "fcntl");
    const flags = check(c.fcntl(fd, F_GETFL, 0), "fcntl");
    check(c.fcntl(fd, F_SETFL, flags | O_ASYNC), "fcntl");
  }

  /** Clears the signal if it is pending. Look at the input after this call, not before. */
  consume(): void {
    c.sigtimedwait(this.#set, 0n, new BigInt64Array(2));
  }

  [Symbol.dispose](): void {
    this.consume();
    c.sigprocmask(SIG_UNBLOCK, this.#set, null);
  }
}
