/**
 * Constants of Linux, the same on x86_64 and aarch64; each stands here and nowhere else, and the bundler
 * puts it in the place of its name. Source: the manual page of each call.
 *
 * @module
 */

// Signals.
export const SIGINT = 2;
export const SIGTRAP = 5;
export const SIGUSR1 = 10;
export const SIGPIPE = 13;
export const SIGTERM = 15;
export const SIGSTOP = 19;
export const SIGTSTP = 20;
export const SIGTTIN = 21;
export const SIGTTOU = 22;
export const SIGXCPU = 24;
export const SIGIO = 29;
export const SIGSYS = 31;
export const SIGKILL = 9;
export const SIG_IGN = 1;
export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
export const SIG_SETMASK = 2;
export const SIGEV_THREAD_ID = 4;

// Files and descriptors.
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_NONBLOCK = 0o4000;
export const O_ASYNC = 0o20000;
export const O_DIRECTORY = 0o200000;
export const O_CLOEXEC = 0o2000000;
export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_SETLK = 6;
export const F_SETOWN_EX = 15;
export const F_ADD_SEALS = 1033;
export const F_DUPFD_CLOEXEC = 1030;
export const F_GETPIPE_SZ = 1032;
export const F_OWNER_TID = 0;
export const FD_CLOEXEC = 1;
export const SEEK_SET = 0;
export const SEEK_END = 2;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;
export const AT_EMPTY_PATH = 0x1000;
export const MFD_CLOEXEC = 1;
export const MFD_ALLOW_SEALING = 2;
export const MFD_EXEC = 0x10;

// Sockets.
export const AF_UNIX = 1;
export const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_TYPE = 3;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const MSG_TRUNC = 0x20;
export const MSG_NOSIGNAL = 0x4000;
export const SHUT_RDWR = 2;
export const FIONREAD = 0x541b;

// Clocks and waiting.
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_THREAD_CPUTIME_ID = 3;
export const TFD_NONBLOCK = 0o4000;
export const TFD_CLOEXEC = 0o2000000;
export const TFD_TIMER_ABSTIME = 1;
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 1;
export const EPOLLOUT = 4;
export const EPOLLONESHOT = 1 << 30;
export const EFD_CLOEXEC = 0o2000000;
export const EFD_NONBLOCK = 0o4000;
export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLRDHUP = 0x2000;

// Memory.
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;

// Processes, threads and their rights.
export const CLONE_THREAD = 0x1_0000;
export const PR_SET_PDEATHSIG = 1;
export const PR_SET_MM_MAP = 14;
export const PR_SET_NAME = 15;
export const PR_SET_TSC = 26;
export const PR_TSC_SIGSEGV = 2;
export const PR_SET_MM = 35;
export const PR_SET_NO_NEW_PRIVS = 38;
export const ARCH_SET_FS = 0x1002;
export const SECCOMP_SET_MODE_FILTER = 1;
export const SECCOMP_FILTER_FLAG_TSYNC = 1;
export const SECCOMP_FILTER_FLAG_NEW_LISTENER = 8;
export const MADV_DONTNEED = 4;
export const MADV_POPULATE_WRITE = 23;

// Tracing of processes, and waiting for them.
export const PTRACE_O_EXITKILL = 0x10_0000;
export const PTRACE_O_TRACESYSGOOD = 1;
export const PTRACE_POKEUSR = 6;
export const PTRACE_CONT = 7;
export const PTRACE_SYSCALL = 24;
export const PTRACE_GETREGSET = 0x4204;
export const PTRACE_SETREGSET = 0x4205;
export const PTRACE_SEIZE = 0x4206;
export const PTRACE_INTERRUPT = 0x4207;
export const PTRACE_LISTEN = 0x4208;
export const PTRACE_GET_SYSCALL_INFO = 0x420e;
export const PTRACE_EVENT_STOP = 128;
export const NT_PRSTATUS = 1;
export const NT_X86_XSTATE = 0x202;
export const P_PID = 1;
export const WNOHANG = 1;
export const WSTOPPED = 2;
export const WEXITED = 4;
export const WNOWAIT = 0x100_0000;

// Descriptors that every process begins with.
export const STDIN_FILENO = 0;
export const STDOUT_FILENO = 1;
export const STDERR_FILENO = 2;

// What several of them, or other names, come to.
/** `F_SEAL_SEAL`, `F_SEAL_SHRINK`, `F_SEAL_GROW` and `F_SEAL_WRITE`. */
export const ALL_SEALS = 15;
/** `MAP_PRIVATE` and `MAP_FIXED_NOREPLACE`. */
export const MAP_NEW_PRIVATE = 0x10_0002;
/** `MAP_PRIVATE`, `MAP_ANONYMOUS` and `MAP_FIXED_NOREPLACE`. */
export const MAP_NEW_ZEROS = 0x10_0022;
/** `MAP_PRIVATE`, `MAP_ANONYMOUS` and `MAP_NORESERVE`. */
export const RESERVED = 0x4022;
/** Stands for no file in `mmap`, as the 32-bit −1 that it is. */
export const NO_DESCRIPTOR = 0xffff_ffff;
/** `_LINUX_CAPABILITY_VERSION_3`. */
export const CAPABILITY_VERSION = 0x2008_0522;

// Sizes of the C library's structures, in bytes.
/** `sigset_t`. */
export const SIGNAL_SET_SIZE = 128;
/** `struct sigaction`, which begins with the handler's address. */
export const SIGACTION_SIZE = 152;
/** `struct sigevent`. */
export const SIGNAL_EVENT_SIZE = 64;
