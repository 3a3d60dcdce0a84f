/**
 * Makes system calls on every other thread of this process, for calls that change only the thread that
 * makes them. The runtime's threads take no requests, so each is interrupted by a signal whose handler
 * makes the calls.
 *
 * Only a process that confines itself needs this, because privileges, capabilities and Landlock rules
 * belong to a thread. A seccomp filter needs no such help: the kernel sets it for all threads at once.
 * Three ways were considered that need no signal, and none will do:
 *
 * - To confine before the runtime has threads, in the executable's own entry. The tender has yet to open
 *   the unikernel, its disks, interfaces and `/dev/kvm` then, with the user's rights, which a confined
 *   tender no longer has. Which files those are, only the command line and the manifest say, and it takes
 *   the runtime to read them.
 * - To open them all, and then to execute this program once more, confined from its entry on. The runtime
 *   starts twice then: 14 ms more, measured where `run` of a small hvt guest took 40 ms. The confinement
 *   as it is, with its signals, takes about 1 ms.
 * - To have the kernel do it. Landlock can, in kernels after 6.19 (`LANDLOCK_RESTRICT_SELF_TSYNC`), but for
 *   capabilities there is nothing like it.
 *
 * The C library does the same, with the same signal, when a program changes its user.
 *
 * @module
 */
import { codePage } from "./code_page.ts";
import { check, cstr, ERRNO, errno, SystemError } from "./libc.ts";
import { numberedEntries } from "./numbered.ts";
import { X86_64 } from "./syscalls.ts";
import { type SystemCall, systemCall, wordOf } from "./system_call.ts";
import { RESTORER, threadHandler } from "./thread_handler_x86_64.ts";

/**
 * The signal by which the C library changes the user of every thread. The library lets no thread block it.
 * It is given back to the library afterwards.
 */
const SIGSETXID = 33;
const SI_QUEUE = 0xffff_ffffn;
const SIGNAL_INFO_WORDS = 16;
/** Where a `siginfo` has the signal's value, in words. */
const SIGNAL_VALUE = 3;
const SIGNAL_SET_SIZE = 8;
const ALL_SIGNALS = 2n ** 64n - 1n;
/** `SA_SIGINFO`, `SA_RESTORER` and `SA_RESTART`. */
const ACTION_FLAGS = 0x1400_0004n;

const FUTEX_WAIT_PRIVATE = 128;
/** The result of a thread that has not answered. */
const PENDING = 1;
/** How long to wait for an answer before looking whether the thread still exists, in nanoseconds. */
const PATIENCE = 10_000_000n;
/** How often to look: together, some seconds. */
const MOST_LOOKS = 500;
/** How often to list the threads until there is no new one. */
const MOST_PASSES = 100;

const THREADS = "/proc/self/task";
const PATH = cstr(THREADS);
/** A `struct stat` and its count of links, in words of 32 bits. */
const STAT_WORDS = 36;
const STAT_LINKS = 4;
/** `PF_USER_WORKER`, among a thread's flags: it never leaves the kernel. */
const KERNEL_WORKER = 0x4000;

/** A thread that is to make the calls, and its answer. */
interface Interrupted {
  readonly thread: number;
  /** 0 or a negative `errno` once it has made them; {@linkcode PENDING} before. */
  readonly result: Int32Array<ArrayBuffer>;
}

/**
 * Makes system calls on every thread but this one, and on threads that start meanwhile: each thread makes
 * all of them, in order, until one fails. Threads that never leave the kernel are left alone. Where there
 * is no `/proc`, or that of another PID namespace, the threads cannot be found, and nothing is done.
 *
 * @param calls at most 100, with up to three arguments
 * @throws {SystemError} if a call fails on any of them, or a thread does not answer
 */
export function onOtherThreads(calls: readonly SystemCall[]): void {
  const own = systemCall(X86_64.gettid);
  let listed = listThreads();
  if (!listed.threads.includes(own)) return;
  const before = handleSignal(calls);
  const done = new Set([own]);
  for (let passes = 0;; passes++) {
    const interrupted = interrupt(listed.threads, done);
    if (listed.complete && interrupted.length === 0) break;
    if (passes === MOST_PASSES) throw new SystemError("signal", ERRNO.EAGAIN, THREADS);
    for (const one of interrupted) {
      // Most have answered by now.
      if (Atomics.load(one.result, 0) !== 0) awaitResult(one);
    }
    listed = listThreads();
  }
  setAction(before);
}

/** Sets a handler of the signal that makes the calls; returns the action that was set before. */
function handleSignal(calls: readonly SystemCall[]): BigUint64Array<ArrayBuffer> {
  const page = codePage(threadHandler(calls.map((call) => call.map(wordOf))));
  // The page stays: a thread that has answered may still be on its way out of it.
  const restorer = BigInt(page + RESTORER);
  return setAction(BigUint64Array.of(BigInt(page), ACTION_FLAGS, restorer, ALL_SIGNALS));
}

/** Sets the signal's action (`struct kernel_sigaction`); returns the one that was set before. */
function setAction(action: BigUint64Array<ArrayBuffer>): BigUint64Array<ArrayBuffer> {
  const before = new BigUint64Array(action.length);
  const result = systemCall(X86_64.rt_sigaction, SIGSETXID, action, before, SIGNAL_SET_SIZE);
  check(result, "rt_sigaction");
  return before;
}

/** Sends the signal to those threads that are not `done`, and adds them there. */
function interrupt(threads: readonly number[], done: Set<number>): Interrupted[] {
  const interrupted: Interrupted[] = [];
  const { pid } = Deno;
  const info = new BigUint64Array(SIGNAL_INFO_WORDS);
  [info[0], info[1]] = [BigInt(SIGSETXID), SI_QUEUE];
  for (const thread of threads) {
    if (done.has(thread)) continue;
    done.add(thread);
    const result = Int32Array.of(PENDING);
    info[SIGNAL_VALUE] = wordOf(result);
    if (systemCall(X86_64.rt_tgsigqueueinfo, pid, thread, SIGSETXID, info) === 0) {
      interrupted.push({ thread, result });
    } else if (errno() !== ERRNO.ESRCH) check(-1, "rt_tgsigqueueinfo");
  }
  return interrupted;
}

/** Waits for an answer; a thread that has ended, or never leaves the kernel, gives none. */
function awaitResult({ thread, result }: Interrupted): void {
  for (let looks = 0; Atomics.load(result, 0) === PENDING; looks++) {
    const patience = BigUint64Array.of(0n, PATIENCE);
    if (systemCall(X86_64.futex, result, FUTEX_WAIT_PRIVATE, PENDING, patience) === 0) continue;
    if (Atomics.load(result, 0) !== PENDING) break;
    if (!runsPrograms(thread)) return;
    if (looks === MOST_LOOKS) throw new SystemError("signal", ERRNO.EBUSY, `thread ${thread}`);
  }
  if (result[0]! < 0) throw new SystemError("system call", -result[0]!, `thread ${thread}`);
}

/** Whether a thread exists and may run code of this process. */
function runsPrograms(thread: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`${THREADS}/${thread}/stat`);
    const flags = Number(stat.slice(stat.lastIndexOf(")")).split(" ")[7]);
    return (flags & KERNEL_WORKER) === 0;
  } catch {
    return false;
  }
}

/**
 * The threads of this process. The kernel's list breaks off where a thread ends while it is read: it
 * is `complete` if it is as long as the kernel's own count.
 */
function listThreads(): { threads: number[]; complete: boolean } {
  const threads = numberedEntries(THREADS);
  if (threads === undefined) return { threads: [], complete: true };
  const stat = new Uint32Array(STAT_WORDS);
  check(systemCall(X86_64.stat, PATH, stat), "stat", THREADS);
  // A directory has two links beside those of the directories in it.
  return { threads, complete: threads.length === stat[STAT_LINKS]! - 2 };
}
