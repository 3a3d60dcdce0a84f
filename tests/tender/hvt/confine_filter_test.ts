/**
 * The filter of a confined hvt tender, asked of the very bytes that the kernel gets: about every number
 * that a system call can have, and about the arguments of those that it looks into. What it allows
 * stands here once more: whoever adds a call to the filter has to add it here, too.
 */
import { deepEqual, equal } from "node:assert/strict";
import { filterFor } from "../../../tender/hvt/confine.ts";
import { confineProgram } from "../../../tender/hvt/confine_filter.ts";
import { REQUEST } from "../../../tender/kvm/abi.ts";
import { ACTION, assembleBpf } from "../../../linux/bpf.ts";
import { decide } from "../spt/bpf_interpreter.ts";

const EPERM = 0x0005_0001;
const ENOSYS = 0x0005_0026;
const CONFINED = { vcpu: 24, pid: 1000, devices: [30, 7] };
const filter = bytesOf(filterFor(CONFINED));

/** Numbers of x86_64 (`asm/unistd_64.h`); what is allowed whatever its arguments are. */
const ALLOWED = Object.values({
  ...{ write: 1, close: 3, poll: 7, munmap: 11, brk: 12, rt_sigaction: 13, rt_sigprocmask: 14 },
  ...{ rt_sigreturn: 15, writev: 20, sched_yield: 24, mremap: 25, madvise: 28, nanosleep: 35 },
  ...{ getpid: 39, exit: 60, rt_sigtimedwait: 128, sigaltstack: 131, gettid: 186, futex: 202 },
  ...{
    sched_getparam: 143,
    sched_getscheduler: 145,
    sched_getaffinity: 204,
    restart_syscall: 219,
    timer_delete: 226,
    clock_gettime: 228,
  },
  ...{ clock_nanosleep: 230, exit_group: 231, epoll_wait: 232, set_robust_list: 273 },
  ...{ timerfd_settime: 286, getrandom: 318, rseq: 334 },
});
/** What is allowed on a device's descriptor. */
const ON_DEVICES = Object.values({ read: 0, lseek: 8, pread64: 17, pwrite64: 18 });
/** What is decided by arguments, and what becomes of it where all of them are 0. */
const JUDGED = new Map([
  [9, EPERM], // mmap
  [10, ACTION.allow], // mprotect
  [16, EPERM], // ioctl
  [56, ACTION.killProcess], // clone
  [72, EPERM], // fcntl
  [157, EPERM], // prctl
  [234, ACTION.killProcess], // tgkill
  [329, ACTION.allow], // pkey_mprotect
  [435, ENOSYS], // clone3
]);
/** What ends the process, from the first number to the last of each range. */
const DEADLY = [
  [29, 31], // shmget, shmat, shmctl
  [33, 33], // dup2
  [42, 43], // connect, accept
  [46, 47], // sendmsg, recvmsg
  [49, 50], // bind, listen
  [57, 59], // fork, vfork, execve
  [62, 62], // kill
  [64, 71], // semget to msgctl
  [101, 101], // ptrace
  [103, 103], // syslog
  [105, 106], // setuid, setgid
  [113, 114], // setreuid, setregid
  [116, 117], // setgroups, setresuid
  [119, 119], // setresgid
  [122, 123], // setfsuid, setfsgid
  [126, 126], // capset
  [129, 129], // rt_sigqueueinfo
  [135, 135], // personality
  [153, 155], // vhangup, modify_ldt, pivot_root
  [159, 159], // adjtimex
  [161, 179], // chroot to quotactl: mount, reboot, iopl, modules
  [200, 200], // tkill
  [220, 220], // semtimedop
  [227, 227], // clock_settime
  [240, 246], // mq_open to kexec_load
  [248, 250], // add_key, request_key, keyctl
  [272, 272], // unshare
  [288, 288], // accept4
  [292, 292], // dup3
  [297, 301], // rt_tgsigqueueinfo, perf_event_open, recvmmsg, fanotify
  [303, 305], // name_to_handle_at, open_by_handle_at, clock_adjtime
  [307, 308], // sendmmsg, setns
  [310, 313], // process_vm_readv, process_vm_writev, kcmp, finit_module
  [317, 317], // seccomp
  [320, 323], // kexec_file_load, bpf, execveat, userfaultfd
  [424, 434], // pidfd_send_signal, io_uring, open_tree to pidfd_open
  [438, 438], // pidfd_getfd
  [440, 440], // process_madvise
  [442, 442], // mount_setattr
  [448, 448], // process_mrelease
] as const;

/** More than any kernel has. */
const HIGHEST = 2000;
const X32 = 0x4000_0000;

function expected(number: number): number {
  const deadly = DEADLY.some(([first, last]) => number >= first && number <= last);
  if (deadly || number >= X32) return ACTION.killProcess;
  return JUDGED.get(number) ?? (ALLOWED.includes(number) ? ACTION.allow : EPERM);
}

Deno.test("confinement: of every number, the filter allows those that are listed here and no other", () => {
  const numbers = Array.from({ length: HIGHEST }, (_, number) => number);
  // Those of x32 are the same with a bit more; no number is negative but that of a call that is skipped.
  const all = [
    ...numbers,
    X32 - 1,
    ...numbers.map((number) => X32 + number),
    0x7fff_ffff,
    2 ** 32 - 1,
  ];
  const decisions = (decision: (number: number) => number) =>
    all.map((number) => `${number} ${decision(number).toString(16)}`);
  deepEqual(decisions((number) => decide(filter, { number })), decisions(expected));
});

Deno.test("confinement: another calling convention is deadly", () => {
  for (const number of [0, 1, 4, 231]) {
    equal(decide(filter, { number, arch: 0x4000_0003 }), ACTION.killProcess);
  }
});

Deno.test("confinement: the filter is as it is made, with the numbers of this tender", () => {
  for (const devices of [[], [3], [30, 7], Array.from({ length: 126 }, (_, index) => index)]) {
    const confined = { ...CONFINED, devices };
    deepEqual(bytesOf(filterFor(confined)), assembleBpf(confineProgram(confined)));
  }
});

Deno.test("confinement: devices are read and written by position, and nothing else is", () => {
  for (const number of ON_DEVICES) {
    for (const fd of CONFINED.devices) equal(decide(filter, { number, args: [fd] }), ACTION.allow);
    for (const fd of [0, 1, 2, 3, 6, 8, 24, 29, 31, -1]) {
      equal(decide(filter, { number, args: [fd] }), EPERM);
      const none = bytesOf(filterFor({ ...CONFINED, devices: [] }));
      equal(decide(none, { number, args: [fd] }), EPERM);
    }
  }
});

Deno.test("confinement: the vCPU may be run and looked at; to ask more of it is deadly", () => {
  const ioctl = (...args: number[]) => decide(filter, { number: 16, args });
  const harmless = ["RUN", "GET_REGS", "GET_SREGS", "SET_REGS"];
  for (const [name, request] of Object.entries(REQUEST)) {
    equal(ioctl(24, request), harmless.includes(name) ? ACTION.allow : ACTION.killProcess, name);
    for (const fd of [1, 23, 25, 30]) equal(ioctl(fd, request), EPERM, name);
  }
  const TCGETS = 0x5401;
  equal(ioctl(1, TCGETS), EPERM);
});

Deno.test("confinement: a descriptor gets no owner, no signal and no copy", () => {
  const F_SETLK = 6;
  for (let command = 0; command < 1100; command++) {
    const decision = command === F_SETLK ? ACTION.allow : EPERM;
    equal(decide(filter, { number: 72, args: [24, command] }), decision, `fcntl ${command}`);
  }
});

Deno.test("confinement: memory is never executable, and of no file", () => {
  const [NONE, READ_WRITE, ANONYMOUS, PRIVATE, SHARED] = [0, 3, 0x20, 2, 1];
  const mmap = (protection: number, flags: number) =>
    decide(filter, { number: 9, args: [0, 4096, protection, flags] });
  equal(mmap(NONE, PRIVATE | ANONYMOUS), ACTION.allow);
  equal(mmap(READ_WRITE, PRIVATE | ANONYMOUS), ACTION.allow);
  equal(mmap(READ_WRITE, PRIVATE), EPERM);
  equal(mmap(READ_WRITE, SHARED), EPERM);
  for (const protection of [4, 5, 6, 7]) {
    equal(mmap(protection, PRIVATE | ANONYMOUS), EPERM);
    for (const number of [10, 329]) {
      equal(decide(filter, { number, args: [0, 4096, protection] }), EPERM);
      equal(decide(filter, { number, args: [0, 4096, protection & 3] }), ACTION.allow);
    }
  }
});

Deno.test("confinement: threads may be made as the C library makes them, processes not", () => {
  const clone = (flags: number) => decide(filter, { number: 56, args: [flags] });
  equal(clone(0x3d_0f00), ACTION.allow);
  // With a user namespace; with a network namespace; as musl does.
  for (const more of [0x1000_0000, 0x4000_0000, 0x40_0000]) equal(clone(0x3d_0f00 | more), EPERM);
  // As fork does; as posix_spawn does.
  for (const process of [0x120_0011, 0x4111]) equal(clone(process), ACTION.killProcess);
});

Deno.test("confinement: only this process may be signalled, and only names be changed", () => {
  equal(decide(filter, { number: 234, args: [1000, 1001, 6] }), ACTION.allow);
  for (const pid of [1, 999, 1001, 0, -1]) {
    equal(decide(filter, { number: 234, args: [pid, 1, 9] }), ACTION.killProcess);
  }
  for (let option = 0; option < 100; option++) {
    equal(decide(filter, { number: 157, args: [option] }), option === 15 ? ACTION.allow : EPERM);
  }
});

function bytesOf({ buffer }: Uint32Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer);
}
