/**
 * The system calls of a confined hvt tender, each with the reason that it has its place here. What the
 * run loop and the runtime under it make once the guest runs was watched with strace: all endings,
 * limits and devices, runs of 250,000 exits, stops by job control, crashes. Numbers are those of x86_64.
 *
 * @module
 */

/** Calls that are allowed whatever their arguments are. */
export const ALLOWED: Readonly<Record<string, number>> = {
  // The console, frames, traces and captures; the runtime wakes itself through an eventfd.
  write: 1,
  // The C library prints its last words so when it gives up.
  writev: 20,
  // The runtime and the tender close what they have at the end; no call makes a new descriptor.
  close: 3,
  // The console waits so until a full pipe takes more.
  poll: 7,
  // The guest waits so for its deadline and its frames; the runtime for its own events.
  epoll_wait: 232,
  timerfd_settime: 286,
  // Memory of this process; what makes more of it, or changes what it is, is below.
  munmap: 11,
  brk: 12,
  mremap: 25,
  madvise: 28,
  // Signals of this process: a crash gives its signal back to the kernel, threads block them as they end.
  rt_sigaction: 13,
  rt_sigprocmask: 14,
  rt_sigreturn: 15,
  sigaltstack: 131,
  // Limits: an alarm is taken back, and turned off.
  rt_sigtimedwait: 128,
  timer_delete: 226,
  // Time. The vdso has most clocks, but not a thread's own.
  clock_gettime: 228,
  nanosleep: 35,
  clock_nanosleep: 230,
  // What a wait becomes when the process is stopped and goes on (Ctrl-Z).
  restart_syscall: 219,
  // Threads of the runtime, which come and go: locks, names of themselves, their start and their end.
  futex: 202,
  sched_yield: 24,
  sched_getaffinity: 204,
  // A lock that a thread has waited long for asks for priorities, and complains where it is denied.
  sched_getparam: 143,
  sched_getscheduler: 145,
  getpid: 39,
  gettid: 186,
  set_robust_list: 273,
  rseq: 334,
  exit: 60,
  exit_group: 231,
  // Seeds of hash tables.
  getrandom: 318,
};

/** Calls that are allowed on descriptors of the guest's devices alone, which is their first argument. */
export const ON_DEVICES: Readonly<Record<string, number>> = {
  // Frames. Nothing else is read: not the terminal that standard output is, not standard input.
  read: 0,
  // Blocks.
  pread64: 17,
  pwrite64: 18,
};

/** Calls that the filter looks at the arguments of. */
export const JUDGED = {
  ioctl: 16,
  fcntl: 72,
  mmap: 9,
  mprotect: 10,
  pkey_mprotect: 329,
  clone: 56,
  prctl: 157,
  tgkill: 234,
  clone3: 435,
} as const;

/**
 * Calls that no tender makes that is still itself, so that the process is killed. All that is named
 * nowhere here fails with EPERM: the runtime keeps house on threads of its own, and what it is denied
 * there must not end a guest that did nothing.
 */
export const DEADLY: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "other programs": { fork: 57, vfork: 58, execve: 59, execveat: 322 },
  "signals to other processes": {
    kill: 62,
    tkill: 200,
    rt_sigqueueinfo: 129,
    rt_tgsigqueueinfo: 297,
    pidfd_send_signal: 424,
  },
  "other processes": {
    ptrace: 101,
    process_vm_readv: 310,
    process_vm_writev: 311,
    kcmp: 312,
    pidfd_open: 434,
    pidfd_getfd: 438,
    process_madvise: 440,
    process_mrelease: 448,
  },
  "other machines, and descriptors of other processes": {
    connect: 42,
    accept: 43,
    sendmsg: 46,
    recvmsg: 47,
    bind: 49,
    listen: 50,
    accept4: 288,
    recvmmsg: 299,
    sendmmsg: 307,
  },
  "another descriptor in the place of one": { dup2: 33, dup3: 292 },
  "memory and queues shared by number, which Landlock does not know": {
    shmget: 29,
    shmat: 30,
    shmctl: 31,
    semget: 64,
    semop: 65,
    semctl: 66,
    shmdt: 67,
    msgget: 68,
    msgsnd: 69,
    msgrcv: 70,
    msgctl: 71,
    semtimedop: 220,
    mq_open: 240,
    mq_unlink: 241,
    mq_timedsend: 242,
    mq_timedreceive: 243,
    mq_notify: 244,
    mq_getsetattr: 245,
  },
  "file systems and namespaces": {
    pivot_root: 155,
    chroot: 161,
    mount: 165,
    umount2: 166,
    unshare: 272,
    fanotify_init: 300,
    fanotify_mark: 301,
    name_to_handle_at: 303,
    open_by_handle_at: 304,
    setns: 308,
    open_tree: 428,
    move_mount: 429,
    fsopen: 430,
    fsconfig: 431,
    fsmount: 432,
    fspick: 433,
    mount_setattr: 442,
  },
  "other rights": {
    setuid: 105,
    setgid: 106,
    setreuid: 113,
    setregid: 114,
    setgroups: 116,
    setresuid: 117,
    setresgid: 119,
    setfsuid: 122,
    setfsgid: 123,
    capset: 126,
    personality: 135,
    seccomp: 317,
  },
  "keys": { add_key: 248, request_key: 249, keyctl: 250 },
  "the kernel and the machine": {
    syslog: 103,
    vhangup: 153,
    modify_ldt: 154,
    adjtimex: 159,
    sync: 162,
    acct: 163,
    settimeofday: 164,
    swapon: 167,
    swapoff: 168,
    reboot: 169,
    sethostname: 170,
    setdomainname: 171,
    iopl: 172,
    ioperm: 173,
    create_module: 174,
    init_module: 175,
    delete_module: 176,
    get_kernel_syms: 177,
    query_module: 178,
    quotactl: 179,
    clock_settime: 227,
    kexec_load: 246,
    perf_event_open: 298,
    clock_adjtime: 305,
    finit_module: 313,
    kexec_file_load: 320,
    bpf: 321,
    userfaultfd: 323,
    io_uring_setup: 425,
    io_uring_enter: 426,
    io_uring_register: 427,
  },
};

/** The first number of the x32 calls, which no program of 64 bits makes: these and all above are deadly. */
export const X32_CALLS = 0x4000_0000;
