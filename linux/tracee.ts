/**
 * A child process that this one traces: it stops at each of its system calls and signals, where its
 * registers can be read and written. All calls have to come from the thread that began to trace it.
 * It ends with that thread. For x86_64. Source: ptrace(2), the kernel's `linux/ptrace.h`.
 *
 * @module
 */
import { struct } from "../abi/layout.ts";
import { USER_REGISTERS } from "../abi/user_registers.ts";
import { Alarms } from "./alarm.ts";
import { monotonic } from "./clock.ts";
import {
  NT_PRSTATUS,
  NT_X86_XSTATE,
  P_PID,
  PTRACE_CONT,
  PTRACE_EVENT_STOP,
  PTRACE_GET_SYSCALL_INFO,
  PTRACE_GETREGSET,
  PTRACE_INTERRUPT,
  PTRACE_LISTEN,
  PTRACE_O_EXITKILL,
  PTRACE_O_TRACESYSGOOD,
  PTRACE_POKEUSR,
  PTRACE_SEIZE,
  PTRACE_SETREGSET,
  PTRACE_SYSCALL,
  SIGKILL,
  SIGSTOP,
  SIGTRAP,
  SIGTSTP,
  SIGTTIN,
  SIGTTOU,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
} from "./constants.ts";
import { check, ERRNO, errno, libc, SystemError } from "./libc.ts";
import { wordOf } from "./system_call.ts";

const c = libc({
  ptrace: { parameters: ["i32", "i32", "usize", "usize"], result: "i64" },
  ptrace_memory: {
    name: "ptrace",
    parameters: ["i32", "i32", "usize", "buffer"],
    result: "i64",
  },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  waitid: { parameters: ["i32", "i32", "buffer", "i32"], result: "i32" },
  waitid_apart: {
    name: "waitid",
    parameters: ["i32", "i32", "buffer", "i32"],
    result: "i32",
    nonblocking: true,
  },
});

/** The general registers, as the kernel gives and takes them. */
export const Registers = struct(USER_REGISTERS);

/** The general registers, by name. */
export type GeneralRegisters = Readonly<ReturnType<typeof Registers.read>>;

/** Why a tracee stopped. The last two are its end; it has been waited for then. */
export type TraceeStop =
  /** It is about to make a system call: for which architecture, its number, and six arguments. */
  | {
    readonly kind: "call";
    readonly arch: number;
    readonly number: number;
    readonly args: readonly bigint[];
  }
  /** It has made a system call: what that returned. */
  | { readonly kind: "return"; readonly result: bigint }
  /** It is to get a signal. */
  | { readonly kind: "signal"; readonly signal: number }
  /** It was interrupted. */
  | { readonly kind: "interrupted" }
  /** A signal has stopped it, as one that is not traced would be, until it gets another. */
  | { readonly kind: "suspended" }
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: number };

/** `struct ptrace_syscall_info`: its size in bytes, and where its fields are. */
const INFO = { size: 88, op: 0, arch: 4, number: 24, args: 32, result: 24 } as const;
/** Values of its field `op`. */
const [OP_ENTRY, OP_EXIT] = [1, 2];
const ARGUMENTS = [0, 1, 2, 3, 4, 5];
/** What marks a stop at a system call. */
const CALL_STOP = SIGTRAP | 0x80;
const SUSPENDING: readonly number[] = [SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU];
/** Size of `siginfo_t` in bytes. */
const SIGNAL_INFO_SIZE = 128;
/** Room for the registers beside the general ones, in bytes: AMX alone takes 8 KiB. */
const EXTENDED_SIZE = 0x1_0000;
/** Times that a stop is asked for before the thread sleeps: most come within microseconds. */
const TRIES = 60;

/** See the module. To dispose of it kills the process, and waits for its end. */
export class Tracee implements Disposable {
  readonly pid: number;
  /** Whether it was killed from here. */
  killed = false;
  /** Is resolved then. */
  readonly end: Promise<void>;
  readonly #resolveEnd: () => void;
  /** Whether it has to be resumed before it can stop again. */
  #stopped = false;
  #ended = false;
  readonly #status = new Int32Array(1);
  readonly #info = new DataView(new ArrayBuffer(INFO.size));
  /** The runtime does not keep the memory that a call on another thread works with, so this does. */
  readonly #signalInfo = new Uint8Array(SIGNAL_INFO_SIZE);

  /**
   * Begins to trace a child of this process, which goes on until it is interrupted.
   *
   * @throws {SystemError} if the system does not allow it; the child is killed then
   */
  constructor(pid: number) {
    this.pid = pid;
    ({ promise: this.end, resolve: this.#resolveEnd } = Promise.withResolvers<void>());
    const options = BigInt(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
    if (c.ptrace(PTRACE_SEIZE, pid, 0n, options) === 0n) return;
    const error = new SystemError("ptrace", errno());
    this[Symbol.dispose]();
    throw error;
  }

  /** Whether it is stopped. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Makes it stop soon; it may stop for another reason before. */
  interrupt(): void {
    this.#request(PTRACE_INTERRUPT);
  }

  /** Lets it go on to its next stop, if it is stopped; `signal`: what it gets, none if not given. */
  resume(signal = 0): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#request(PTRACE_SYSCALL, signal);
  }

  /** As `resume`, but it does not stop at its system calls. */
  goOn(signal = 0): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#request(PTRACE_CONT, signal);
  }

  /** Leaves it suspended, if it is stopped; it stops again when it is to go on. */
  listen(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#request(PTRACE_LISTEN);
  }

  /**
   * Its next stop.
   *
   * @param patience how long to wait for it, in nanoseconds
   * @returns undefined if it has not come by then
   */
  next(patience: bigint): TraceeStop | undefined {
    for (let tries = patience > 0n ? TRIES : 1; tries > 0; tries--) {
      const stop = this.#poll();
      if (stop !== undefined) return stop;
    }
    if (patience === 0n) return undefined;
    this.waitForStop(patience);
    return this.#poll();
  }

  /** Blocks until there is a next stop, or a signal comes; for so many nanoseconds, if they are given. */
  waitForStop(patience?: bigint): void {
    if (patience === undefined) return void this.#waitid();
    using alarms = new Alarms();
    alarms.set("monotonic", patience);
    const end = monotonic() + patience;
    alarms.interrupting(() => {
      while (this.#waitid() < 0 && errno() === ERRNO.EINTR && monotonic() < end);
    });
  }

  /** The same on another thread. */
  async waitForStopApart(): Promise<void> {
    await c.waitid_apart(P_PID, this.pid, this.#signalInfo, WAITED_FOR);
  }

  /** Kills it; that is its next stop. */
  kill(): void {
    if (this.#ended) return;
    this.killed = true;
    this.#resolveEnd();
    c.kill(this.pid, SIGKILL);
  }

  /** Its general registers. */
  registers(): GeneralRegisters {
    return Registers.read(new DataView(this.#get(NT_PRSTATUS, Registers.size).buffer), 0);
  }

  /**
   * Sets its general registers.
   *
   * @throws {SystemError} if no process can have these
   */
  setRegisters(registers: GeneralRegisters): void {
    this.#set(NT_PRSTATUS, Registers.encode(registers));
  }

  /** Sets one of them. */
  setRegister(name: keyof GeneralRegisters, value: bigint): void {
    const at = BigInt(Registers.offsets[name]);
    check(Number(c.ptrace(PTRACE_POKEUSR, this.pid, at, value)), "ptrace");
  }

  /** Its other registers (x87, SSE, AVX and beyond), in the CPU's own form (XSAVE). */
  extendedRegisters(): Uint8Array<ArrayBuffer> {
    return this.#get(NT_X86_XSTATE, EXTENDED_SIZE);
  }

  /**
   * Sets its other registers.
   *
   * @throws {SystemError} if this CPU does not have them
   */
  setExtendedRegisters(registers: Uint8Array<ArrayBuffer>): void {
    this.#set(NT_X86_XSTATE, registers);
  }

  /** Kills it, and waits for its end. */
  [Symbol.dispose](): void {
    this.kill();
    while (!this.#ended) {
      this.waitForStop();
      this.#poll();
    }
  }

  #waitid(): number {
    return c.waitid(P_PID, this.pid, this.#signalInfo, WAITED_FOR);
  }

  #poll(): TraceeStop | undefined {
    if (this.#ended) return undefined;
    const found = c.waitpid(this.pid, this.#status, WNOHANG);
    if (found < 0 && errno() === ERRNO.ECHILD) return this.#lost();
    if (found !== this.pid) return undefined;
    const status = this.#status[0]!;
    const [low, high] = [status & 0xff, status >> 8 & 0xff];
    if (low !== 0x7f) {
      this.#ended = true;
      const signal = low & 0x7f;
      return signal === 0 ? { kind: "exited", status: high } : { kind: "killed", signal };
    }
    this.#stopped = true;
    if (high === CALL_STOP) return this.#call();
    if (status >> 16 !== PTRACE_EVENT_STOP) return { kind: "signal", signal: high };
    return { kind: SUSPENDING.includes(high) ? "suspended" : "interrupted" };
  }

  /** Somebody else has waited for its end: how it came is not known. */
  #lost(): TraceeStop {
    this.#ended = true;
    this.#stopped = false;
    return { kind: "killed", signal: SIGKILL };
  }

  /** At which side of a system call it is; undefined if it was killed meanwhile. */
  #call(): TraceeStop | undefined {
    const info = this.#info;
    if (c.ptrace_memory(PTRACE_GET_SYSCALL_INFO, this.pid, BigInt(INFO.size), info) < 0n) {
      return this.#gone();
    }
    switch (info.getUint8(INFO.op)) {
      case OP_ENTRY:
        return {
          kind: "call",
          arch: info.getUint32(INFO.arch, true),
          number: Number(BigInt.asIntN(32, info.getBigUint64(INFO.number, true))),
          args: ARGUMENTS.map((index) => info.getBigUint64(INFO.args + 8 * index, true)),
        };
      case OP_EXIT:
        return { kind: "return", result: info.getBigInt64(INFO.result, true) };
      default:
        throw new SystemError("ptrace", ERRNO.EINVAL);
    }
  }

  #request(request: number, data = 0): void {
    if (c.ptrace(request, this.pid, 0n, BigInt(data)) < 0n) this.#gone();
  }

  /** A request fails where the process was killed: its end is the next stop then. */
  #gone(): undefined {
    if (errno() !== ERRNO.ESRCH) throw new SystemError("ptrace", errno());
    this.#stopped = false;
  }

  #get(set: number, size: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(size);
    const vector = BigUint64Array.of(wordOf(bytes), BigInt(size));
    check(Number(c.ptrace_memory(PTRACE_GETREGSET, this.pid, BigInt(set), vector)), "ptrace");
    return bytes.slice(0, Number(vector[1]!));
  }

  #set(set: number, bytes: Uint8Array<ArrayBuffer>): void {
    const vector = BigUint64Array.of(wordOf(bytes), BigInt(bytes.length));
    check(Number(c.ptrace_memory(PTRACE_SETREGSET, this.pid, BigInt(set), vector)), "ptrace");
  }
}

/** Stops and the end; neither is taken. */
const WAITED_FOR = WEXITED | WSTOPPED | WNOWAIT;
