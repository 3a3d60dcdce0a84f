/**
 * System calls of Linux by machine, as a launch program and its filter name them.
 * Source: the kernel's `asm/unistd.h`, `linux/audit.h`, `linux/filter.h`.
 *
 * @module
 */
import { struct, u16, u32, u8 } from "../abi/layout.ts";
import type { Machine } from "../elftool/unikernel.ts";

/** System call numbers of x86_64. */
const X86_64 = {
  read: 0,
  write: 1,
  open: 2,
  close: 3,
  lseek: 8,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  rt_sigaction: 13,
  rt_sigprocmask: 14,
  ioctl: 16,
  pread64: 17,
  pwrite64: 18,
  dup2: 33,
  socket: 41,
  getsockopt: 55,
  fcntl: 72,
  capset: 126,
  getppid: 110,
  prctl: 157,
  arch_prctl: 158,
  clock_gettime: 228,
  exit_group: 231,
  epoll_ctl: 233,
  epoll_pwait: 281,
  timerfd_create: 283,
  timerfd_settime: 286,
  epoll_create1: 291,
  seccomp: 317,
  close_range: 436,
} as const;

/** A system call by its kernel name. */
export type SystemCall = keyof typeof X86_64;

/** What differs from machine to machine. */
export interface LinuxAbi {
  readonly machine: Machine;
  readonly calls: Readonly<Record<SystemCall, number>>;
  /** `AUDIT_ARCH_…`: what a seccomp filter sees as `arch`. */
  readonly auditArch: number;
  /** End of a process's address space (`TASK_SIZE`), in bytes. */
  readonly taskSize: number;
}

/** Linux's ABI by machine; a machine that is not here cannot run spt unikernels yet. */
export const LINUX: Partial<Record<Machine, LinuxAbi>> = {
  x86_64: {
    machine: "x86_64",
    calls: X86_64,
    auditArch: 0xc000_003e,
    taskSize: 0x7fff_ffff_f000,
  },
};

/** One instruction of a filter as the kernel reads it (`struct sock_filter`). */
export const SockFilter = struct({ code: u16, jt: u8, jf: u8, k: u32 });
