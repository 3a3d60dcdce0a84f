/**
 * System call numbers and constants of Linux that a launch program and its filter name.
 * Source: the kernel's `asm/unistd.h`, and the manual page of each call.
 *
 * @module
 */
import { struct, u16, u32, u8 } from "../../abi/layout.ts";
import type { Machine } from "../../elftool/unikernel.ts";

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
  fcntl: 72,
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

export const SIGPIPE = 13;
export const SIG_SETMASK = 2;
export const F_GETFD = 1;
export const F_SETFL = 4;
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_NONBLOCK = 0o4000;
export const SEEK_END = 2;
export const AF_INET = 2;
export const SOCK_DGRAM = 2;
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const TFD_NONBLOCK = 0o4000;
export const EPOLL_CTL_ADD = 1;
export const EPOLLIN = 1;
/** `MAP_PRIVATE`, `MAP_ANONYMOUS` and `MAP_FIXED_NOREPLACE`. */
export const MAP_NEW_ZEROS = 0x10_0022;
/** Stands for no file in `mmap`, as the 32-bit −1 that it is. */
export const NO_DESCRIPTOR = 0xffff_ffff;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;
export const PR_SET_NO_NEW_PRIVS = 38;
export const SECCOMP_SET_MODE_FILTER = 1;
export const ARCH_SET_FS = 0x1002;

/** One instruction of a filter as the kernel reads it (`struct sock_filter`). */
export const SockFilter = struct({ code: u16, jt: u8, jf: u8, k: u32 });
