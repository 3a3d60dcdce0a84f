/**
 * Constants of Linux that a launch names, the same on x86_64 and aarch64. Source: the manual page of
 * each call.
 *
 * @module
 */
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
export const SIGKILL = 9;
export const PR_SET_PDEATHSIG = 1;
export const PR_SET_NAME = 15;
export const PR_SET_MM = 35;
export const PR_SET_MM_MAP = 14;
export const PR_SET_NO_NEW_PRIVS = 38;
/** `_LINUX_CAPABILITY_VERSION_3`. */
export const CAPABILITY_VERSION = 0x2008_0522;
export const F_GETPIPE_SZ = 1032;
export const SOL_SOCKET = 1;
export const SO_TYPE = 3;
export const SECCOMP_SET_MODE_FILTER = 1;
export const ARCH_SET_FS = 0x1002;
