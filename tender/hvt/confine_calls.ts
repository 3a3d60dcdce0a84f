/**
 * The system calls of a confined hvt tender, each with the reason that it has its place here. What the
 * run loop and the runtime under it make once the guest runs was watched with strace: all endings,
 * limits and devices, runs of 250,000 exits, stops by job control, crashes.
 *
 * @module
 */
import type { X86Call } from "../../linux/syscalls.ts";

/** Calls that are allowed whatever their arguments are. */
export const ALLOWED: readonly X86Call[] = [
  // The console, frames, traces and captures; the runtime wakes itself through an eventfd.
  "write",
  // The C library prints its last words so when it gives up.
  "writev",
  // The runtime and the tender close what they have at the end; no call makes a new descriptor.
  "close",
  // The console waits so until a full pipe takes more.
  "poll",
  // The guest waits so for its deadline and its frames; the runtime for its own events.
  "epoll_wait",
  "timerfd_settime",
  // Memory of this process; what makes more of it, or changes what it is, is below.
  "munmap",
  "brk",
  "mremap",
  "madvise",
  // Signals of this process: a crash gives its signal back to the kernel, threads block them as they end.
  "rt_sigaction",
  "rt_sigprocmask",
  "rt_sigreturn",
  "sigaltstack",
  // Limits: an alarm is taken back, and turned off.
  "rt_sigtimedwait",
  "timer_delete",
  // Time. The vdso has most clocks, but not a thread's own.
  "clock_gettime",
  "nanosleep",
  "clock_nanosleep",
  // What a wait becomes when the process is stopped and goes on (Ctrl-Z).
  "restart_syscall",
  // Threads of the runtime, which come and go: locks, names of themselves, their start and their end.
  "futex",
  "sched_yield",
  "sched_getaffinity",
  // A lock that a thread has waited long for asks for priorities, and complains where it is denied.
  "sched_getparam",
  "sched_getscheduler",
  "getpid",
  "gettid",
  "set_robust_list",
  "rseq",
  "exit",
  "exit_group",
  // Seeds of hash tables.
  "getrandom",
];

/** Calls that are allowed on descriptors of the guest's devices alone, which is their first argument. */
export const ON_DEVICES: readonly X86Call[] = [
  // Frames. Nothing else is read: not the terminal that standard output is, not standard input.
  "read",
  // Blocks.
  "pread64",
  "pwrite64",
  // The guest's memory, of which a recording has a checksum.
  "lseek",
];

/**
 * Calls that a tender makes only if it was taken over: the process is killed. All calls that are named
 * neither here nor in `confine_filter.ts` fail with EPERM: the runtime does work of its own on its
 * threads, and to deny it something must not end a guest that did nothing.
 */
export const DEADLY: Readonly<Record<string, readonly X86Call[]>> = {
  "other programs": ["fork", "vfork", "execve", "execveat"],
  "signals to other processes": [
    "kill",
    "tkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "pidfd_send_signal",
  ],
  "other processes": [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "kcmp",
    "pidfd_open",
    "pidfd_getfd",
    "process_madvise",
    "process_mrelease",
  ],
  "other machines, and descriptors of other processes": [
    "connect",
    "accept",
    "sendmsg",
    "recvmsg",
    "bind",
    "listen",
    "accept4",
    "recvmmsg",
    "sendmmsg",
  ],
  "another descriptor in the place of one": ["dup2", "dup3"],
  "memory and queues shared by number, which Landlock does not know": [
    "shmget",
    "shmat",
    "shmctl",
    "semget",
    "semop",
    "semctl",
    "shmdt",
    "msgget",
    "msgsnd",
    "msgrcv",
    "msgctl",
    "semtimedop",
    "mq_open",
    "mq_unlink",
    "mq_timedsend",
    "mq_timedreceive",
    "mq_notify",
    "mq_getsetattr",
  ],
  "file systems and namespaces": [
    "pivot_root",
    "chroot",
    "mount",
    "umount2",
    "unshare",
    "fanotify_init",
    "fanotify_mark",
    "name_to_handle_at",
    "open_by_handle_at",
    "setns",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
  ],
  "other rights": [
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setgroups",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "capset",
    "personality",
    "seccomp",
  ],
  "keys": ["add_key", "request_key", "keyctl"],
  "the kernel and the machine": [
    "syslog",
    "vhangup",
    "modify_ldt",
    "adjtimex",
    "sync",
    "acct",
    "settimeofday",
    "swapon",
    "swapoff",
    "reboot",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "create_module",
    "init_module",
    "delete_module",
    "get_kernel_syms",
    "query_module",
    "quotactl",
    "clock_settime",
    "kexec_load",
    "perf_event_open",
    "clock_adjtime",
    "finit_module",
    "kexec_file_load",
    "bpf",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
  ],
};

/** The first number of the x32 calls, which no program of 64 bits makes: these and all above are deadly. */
export const X32_CALLS = 0x4000_0000;
