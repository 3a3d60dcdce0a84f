/**
 * The seccomp filter of a confined hvt tender: what the run loop and the runtime under it need once the
 * guest runs, and nothing that opens, starts or reaches anything. Found by watching the runtime with
 * strace; numbers are those of x86_64 Linux.
 *
 * Whatever else is called fails with EPERM. It does not kill: the runtime keeps house on threads of
 * its own, and what it is denied there must not end a guest that did nothing.
 *
 * @module
 */
import {
  ACTION,
  assembleBpf,
  type Instruction,
  jump,
  load,
  ret,
  SECCOMP_DATA,
  unless,
  when,
} from "../spt/bpf.ts";
import { LINUX } from "../spt/syscalls.ts";
import { REQUEST } from "../kvm/abi.ts";

/** Calls that work on what is open and mapped already, on time, on signals or on this thread alone. */
const ALLOWED: Readonly<Record<string, number>> = {
  read: 0,
  write: 1,
  close: 3,
  fstat: 5,
  poll: 7,
  lseek: 8,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  brk: 12,
  rt_sigaction: 13,
  rt_sigprocmask: 14,
  rt_sigreturn: 15,
  pread64: 17,
  pwrite64: 18,
  writev: 20,
  sched_yield: 24,
  mremap: 25,
  madvise: 28,
  nanosleep: 35,
  getpid: 39,
  exit: 60,
  fcntl: 72,
  fsync: 74,
  fdatasync: 75,
  getrusage: 98,
  rt_sigtimedwait: 128,
  sigaltstack: 131,
  sched_getparam: 143,
  sched_getscheduler: 145,
  gettid: 186,
  futex: 202,
  sched_getaffinity: 204,
  restart_syscall: 219,
  timer_delete: 226,
  clock_gettime: 228,
  clock_nanosleep: 230,
  exit_group: 231,
  epoll_wait: 232,
  epoll_ctl: 233,
  set_robust_list: 273,
  epoll_pwait: 281,
  timerfd_settime: 286,
  eventfd2: 290,
  getrandom: 318,
  membarrier: 324,
  pkey_mprotect: 329,
  rseq: 334,
};

const IOCTL = 16;
const CLONE = 56;
const PRCTL = 157;
const TGKILL = 234;
const CLONE3 = 435;

/** What may be asked of the vCPU: to run, and where it stands at the end. */
const VCPU_REQUESTS = [REQUEST.RUN, REQUEST.GET_REGS, REQUEST.GET_SREGS];
/** A clone with this flag is a thread; one without it would be a process. */
const CLONE_THREAD = 0x1_0000;
const PR_SET_NAME = 15;
const PR_SET_VMA = 0x5356_4d41;

const EPERM = 1;
const ENOSYS = 38;
const ERRNO_ACTION = 0x0005_0000;
const ALLOW = ret(ACTION.allow);
const DENY = ret(ERRNO_ACTION | EPERM);

/** What a filter is made for. */
export interface Confined {
  /** The vCPU's descriptor. */
  readonly vcpu: number;
  /** This process. */
  readonly pid: number;
}

/** Makes the filter, in the kernel's form. */
export function confineFilter({ vcpu, pid }: Confined): Uint8Array<ArrayBuffer> {
  // Low halves: these arguments are of 32 bits to the kernel, or of no use beyond.
  const first = load(SECCOMP_DATA.argument(0));
  return assembleBpf([
    load(SECCOMP_DATA.arch),
    ...[when("==", LINUX.x86_64!.auditArch, { skip: 1 }), ret(ACTION.killProcess)],
    load(SECCOMP_DATA.number),
    // The one call that is made again and again comes first.
    ...onCall(IOCTL, [
      first,
      ...[when("==", vcpu, { skip: 1 }), DENY],
      load(SECCOMP_DATA.argument(1)),
      ...anyOf(VCPU_REQUESTS),
    ]),
    ...anyOf(Object.values(ALLOWED)),
    ...onCall(CLONE, [first, unless("&", CLONE_THREAD, { skip: 1 }), ALLOW]),
    ...onCall(PRCTL, [first, ...anyOf([PR_SET_NAME, PR_SET_VMA])]),
    ...onCall(TGKILL, [first, ...equal(pid)]),
    // Its flags lie in memory, where no filter can look: the C library then makes do with clone.
    ...[unless("==", CLONE3, { skip: 1 }), ret(ERRNO_ACTION | ENOSYS)],
    DENY,
  ]);
}

/** Allows the call if the accumulator is `value`, else goes on. */
function equal(value: number): Instruction[] {
  return [unless("==", value, { skip: 1 }), ALLOW];
}

/** Allows the call if the accumulator is one of the values, else goes on. */
function anyOf(values: readonly number[]): Instruction[] {
  const tests = values.map((value, index) => when("==", value, { skip: values.length - index }));
  return [...tests, jump(1), ALLOW];
}

/** For one call alone: these instructions, and a denial where they come to no other end. */
function onCall(number: number, body: readonly Instruction[]): Instruction[] {
  return [unless("==", number, { skip: body.length + 1 }), ...body, DENY];
}
