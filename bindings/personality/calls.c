/*
 * calls.c: from a system call's number to the function that answers it.
 */
#include "personality.h"

enum linux_call {
    READ = 0,
    WRITE = 1,
    OPEN = 2,
    CLOSE = 3,
    STAT = 4,
    FSTAT = 5,
    LSTAT = 6,
    POLL = 7,
    LSEEK = 8,
    MMAP = 9,
    MPROTECT = 10,
    MUNMAP = 11,
    BRK = 12,
    RT_SIGACTION = 13,
    RT_SIGPROCMASK = 14,
    RT_SIGRETURN = 15,
    IOCTL = 16,
    PREAD64 = 17,
    PWRITE64 = 18,
    READV = 19,
    WRITEV = 20,
    ACCESS = 21,
    SCHED_YIELD = 24,
    MREMAP = 25,
    MSYNC = 26,
    MADVISE = 28,
    DUP = 32,
    DUP2 = 33,
    NANOSLEEP = 35,
    GETPID = 39,
    SENDFILE = 40,
    CLONE = 56,
    FORK = 57,
    VFORK = 58,
    EXIT = 60,
    WAIT4 = 61,
    KILL = 62,
    UNAME = 63,
    FCNTL = 72,
    FLOCK = 73,
    FSYNC = 74,
    FDATASYNC = 75,
    TRUNCATE = 76,
    FTRUNCATE = 77,
    GETCWD = 79,
    CHDIR = 80,
    FCHDIR = 81,
    RENAME = 82,
    MKDIR = 83,
    RMDIR = 84,
    CREAT = 85,
    LINK = 86,
    UNLINK = 87,
    SYMLINK = 88,
    READLINK = 89,
    CHMOD = 90,
    FCHMOD = 91,
    CHOWN = 92,
    FCHOWN = 93,
    LCHOWN = 94,
    UMASK = 95,
    GETTIMEOFDAY = 96,
    GETRLIMIT = 97,
    GETRUSAGE = 98,
    SYSINFO = 99,
    TIMES = 100,
    GETUID = 102,
    GETGID = 104,
    SETUID = 105,
    SETGID = 106,
    GETEUID = 107,
    GETEGID = 108,
    SETPGID = 109,
    GETPPID = 110,
    GETPGRP = 111,
    SETSID = 112,
    GETGROUPS = 115,
    GETRESUID = 118,
    GETRESGID = 120,
    GETPGID = 121,
    GETSID = 124,
    RT_SIGPENDING = 127,
    SIGALTSTACK = 131,
    STATFS = 137,
    FSTATFS = 138,
    PRCTL = 157,
    ARCH_PRCTL = 158,
    SETRLIMIT = 160,
    SYNC = 162,
    GETTID = 186,
    TKILL = 200,
    TIME = 201,
    FUTEX = 202,
    SCHED_SETAFFINITY = 203,
    SCHED_GETAFFINITY = 204,
    GETDENTS64 = 217,
    SET_TID_ADDRESS = 218,
    FADVISE64 = 221,
    CLOCK_GETTIME = 228,
    CLOCK_GETRES = 229,
    CLOCK_NANOSLEEP = 230,
    EXIT_GROUP = 231,
    TGKILL = 234,
    OPENAT = 257,
    MKDIRAT = 258,
    FCHOWNAT = 260,
    NEWFSTATAT = 262,
    UNLINKAT = 263,
    RENAMEAT = 264,
    LINKAT = 265,
    SYMLINKAT = 266,
    READLINKAT = 267,
    FCHMODAT = 268,
    FACCESSAT = 269,
    PPOLL = 271,
    SET_ROBUST_LIST = 273,
    UTIMENSAT = 280,
    DUP3 = 292,
    PREADV = 295,
    PWRITEV = 296,
    PRLIMIT64 = 302,
    RENAMEAT2 = 316,
    GETRANDOM = 318,
    STATX = 332,
    FACCESSAT2 = 439
};

/* Terminals, and all else that ioctl() could ask for, are not there. */
static long call_ioctl(int fd) {
    return descriptor_file(fd) == NULL ? -EBADF : -ENOTTY;
}

static long call_known(int fd) {
    return descriptor_file(fd) == NULL ? -EBADF : 0;
}

/* A process of another number than the program's own, or 0. */
static long own(long process) {
    return process == 0 || process == PROCESS ? PROCESS : -ESRCH;
}

/* Calls about files by their paths. */
static long call_path(const struct registers *r) {
    switch (r->rax) {
    case OPEN:
        return call_openat(AT_FDCWD, r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx);
    case CREAT:
        return call_openat(AT_FDCWD, r->rdi, O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)r->rsi);
    case OPENAT:
        return call_openat((int)r->rdi, r->rsi, (uint32_t)r->rdx, (uint32_t)r->r10);
    case STAT:
        return call_stat(r->rdi, r->rsi);
    case LSTAT:
        return call_lstat(r->rdi, r->rsi);
    case NEWFSTATAT:
        return call_newfstatat((int)r->rdi, r->rsi, r->rdx, (int)r->r10);
    case STATX:
        return call_statx((int)r->rdi, r->rsi, (int)r->rdx, r->r8);
    case STATFS:
        return call_statfs(r->rdi, r->rsi);
    case ACCESS:
        return call_faccessat(AT_FDCWD, r->rdi, (int)r->rsi, 0);
    case FACCESSAT:
        return call_faccessat((int)r->rdi, r->rsi, (int)r->rdx, 0);
    case FACCESSAT2:
        return call_faccessat((int)r->rdi, r->rsi, (int)r->rdx, (int)r->r10);
    case READLINK:
        return call_readlinkat(AT_FDCWD, r->rdi, r->rsi, (int)r->rdx);
    case READLINKAT:
        return call_readlinkat((int)r->rdi, r->rsi, r->rdx, (int)r->r10);
    case TRUNCATE:
        return call_truncate(r->rdi, (int64_t)r->rsi);
    case CHDIR:
        return call_chdir(r->rdi);
    case MKDIR:
        return call_mkdirat(AT_FDCWD, r->rdi, (uint32_t)r->rsi);
    case MKDIRAT:
        return call_mkdirat((int)r->rdi, r->rsi, (uint32_t)r->rdx);
    case RMDIR:
        return call_unlinkat(AT_FDCWD, r->rdi, AT_REMOVEDIR);
    case UNLINK:
        return call_unlinkat(AT_FDCWD, r->rdi, 0);
    case UNLINKAT:
        return call_unlinkat((int)r->rdi, r->rsi, (int)r->rdx);
    case RENAME:
        return call_renameat2(AT_FDCWD, r->rdi, AT_FDCWD, r->rsi, 0);
    case RENAMEAT:
        return call_renameat2((int)r->rdi, r->rsi, (int)r->rdx, r->r10, 0);
    case RENAMEAT2:
        return call_renameat2((int)r->rdi, r->rsi, (int)r->rdx, r->r10, (int)r->r8);
    case LINK:
        return call_linkat(AT_FDCWD, r->rdi, AT_FDCWD, r->rsi, 0);
    case LINKAT:
        return call_linkat((int)r->rdi, r->rsi, (int)r->rdx, r->r10, (int)r->r8);
    case SYMLINK:
        return call_symlinkat(r->rdi, AT_FDCWD, r->rsi);
    case SYMLINKAT:
        return call_symlinkat(r->rdi, (int)r->rsi, r->rdx);
    case CHMOD:
        return call_fchmodat(AT_FDCWD, r->rdi, (uint32_t)r->rsi);
    case FCHMODAT:
        return call_fchmodat((int)r->rdi, r->rsi, (uint32_t)r->rdx);
    case CHOWN:
        return call_fchownat(AT_FDCWD, r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx, 0);
    case LCHOWN:
        return call_fchownat(AT_FDCWD, r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx,
                             AT_SYMLINK_NOFOLLOW);
    case FCHOWNAT:
        return call_fchownat((int)r->rdi, r->rsi, (uint32_t)r->rdx, (uint32_t)r->r10, (int)r->r8);
    case UTIMENSAT:
        return call_utimensat((int)r->rdi, r->rsi, r->rdx, (int)r->r10);
    default:
        return -ENOSYS;
    }
}

/* Calls about the program itself. */
static long call_process(const struct registers *r) {
    switch (r->rax) {
    case UNAME:
        return call_uname(r->rdi);
    case GETRLIMIT:
    case SETRLIMIT:
        return call_prlimit(0, (unsigned)r->rdi, r->rax == SETRLIMIT ? r->rsi : 0,
                            r->rax == GETRLIMIT ? r->rsi : 0);
    case PRLIMIT64:
        return call_prlimit((int)r->rdi, (unsigned)r->rsi, r->rdx, r->r10);
    case GETRUSAGE:
        return call_getrusage((int)r->rdi, r->rsi);
    case SYSINFO:
        return call_sysinfo(r->rdi);
    case SCHED_GETAFFINITY:
        return call_sched_getaffinity((int)r->rdi, r->rsi, r->rdx);
    case SCHED_SETAFFINITY:
        return 0;
    case ARCH_PRCTL:
        return call_arch_prctl((int)r->rdi, r->rsi);
    case PRCTL:
        return call_prctl((int)r->rdi, r->rsi);
    case FUTEX:
        return call_futex(r->rdi, (int)r->rsi, (uint32_t)r->rdx, r->r10);
    case CLONE:
        return call_clone(r->rdi);
    case FORK:
    case VFORK:
        return call_clone(0);
    case WAIT4:
        return -ECHILD;
    case KILL:
        return call_kill((int)r->rdi, (int)r->rsi);
    case TKILL:
        return call_tgkill(PROCESS, (int)r->rdi, (int)r->rsi);
    case TGKILL:
        return call_tgkill((int)r->rdi, (int)r->rsi, (int)r->rdx);
    case RT_SIGACTION:
        return call_rt_sigaction((int)r->rdi, r->rsi, r->rdx, r->r10);
    case RT_SIGPROCMASK:
        return call_rt_sigprocmask((int)r->rdi, r->rsi, r->rdx, r->r10);
    case RT_SIGPENDING:
        return call_rt_sigpending(r->rdi, r->rsi);
    case SIGALTSTACK:
        return call_sigaltstack(r->rdi, r->rsi, r->rsp);
    case RT_SIGRETURN:
        signals_return(r);
    case GETUID:
    case GETGID:
    case GETEUID:
    case GETEGID:
    case SETUID:
    case SETGID:
    case GETPPID:
    case SET_ROBUST_LIST:
    case SCHED_YIELD:
        return 0;
    case GETTID:
    case SET_TID_ADDRESS:
    case GETPGRP:
        return PROCESS;
    case SETPGID:
    case SETSID:
        return -EPERM; /* It leads its session. */
    case GETPGID:
    case GETSID:
        return own((int)r->rdi);
    case GETRESUID:
    case GETRESGID:
        return call_ids(r->rdi, r->rsi, r->rdx);
    case GETGROUPS:
        return call_getgroups();
    case EXIT:
    case EXIT_GROUP:
        process_end((int)r->rdi);
    default:
        return call_path(r);
    }
}

/* Calls that programs make often come first. */
static long answer(const struct registers *r) {
    switch (r->rax) {
    case GETPID:
        return PROCESS;
    case READ:
        return call_read((int)r->rdi, r->rsi, r->rdx);
    case WRITE:
        return call_write((int)r->rdi, r->rsi, r->rdx);
    case CLOSE:
        return call_close((int)r->rdi);
    case FSTAT:
        return call_fstat((int)r->rdi, r->rsi);
    case POLL:
        return call_poll(r->rdi, (uint32_t)r->rsi, (int)r->rdx);
    case PPOLL:
        return call_ppoll(r->rdi, (uint32_t)r->rsi, r->rdx);
    case LSEEK:
        return call_lseek((int)r->rdi, (int64_t)r->rsi, (int)r->rdx);
    case MMAP:
        return call_mmap(r->rdi, r->rsi, (int)r->rdx, (int)r->r10, (int)r->r8, r->r9);
    case MPROTECT:
        return call_mprotect(r->rdi, r->rsi, (int)r->rdx);
    case MUNMAP:
        return call_munmap(r->rdi, r->rsi);
    case BRK:
        return call_brk(r->rdi);
    case MREMAP:
        return call_mremap(r->rdi, r->rsi, r->rdx, (long)r->r10, r->r8);
    case MSYNC:
        return call_msync(r->rdi, r->rsi, (int)r->rdx);
    case MADVISE:
        return call_madvise(r->rdi, r->rsi, (int)r->rdx);
    case IOCTL:
        return call_ioctl((int)r->rdi);
    case PREAD64:
        return call_pread((int)r->rdi, r->rsi, r->rdx, (int64_t)r->r10);
    case PWRITE64:
        return call_pwrite((int)r->rdi, r->rsi, r->rdx, (int64_t)r->r10);
    case READV:
        return call_readv((int)r->rdi, r->rsi, (int)r->rdx);
    case WRITEV:
        return call_writev((int)r->rdi, r->rsi, (int)r->rdx);
    case PREADV:
        return call_preadv((int)r->rdi, r->rsi, (int)r->rdx, (int64_t)r->r10);
    case PWRITEV:
        return call_pwritev((int)r->rdi, r->rsi, (int)r->rdx, (int64_t)r->r10);
    case SENDFILE:
        return call_sendfile((int)r->rdi, (int)r->rsi, r->rdx, r->r10);
    case DUP:
        return call_dup((int)r->rdi);
    case DUP2:
        return call_dup2((int)r->rdi, (int)r->rsi);
    case DUP3:
        return call_dup3((int)r->rdi, (int)r->rsi, (int)r->rdx);
    case FCNTL:
        return call_fcntl((int)r->rdi, (int)r->rsi, r->rdx);
    case FLOCK:
    case FSYNC:
    case FDATASYNC:
    case FADVISE64:
        return call_known((int)r->rdi);
    case SYNC:
        return 0;
    case FTRUNCATE:
        return call_ftruncate((int)r->rdi, (int64_t)r->rsi);
    case FCHMOD:
        return call_fchmod((int)r->rdi, (uint32_t)r->rsi);
    case FCHOWN:
        return call_fchown((int)r->rdi, (uint32_t)r->rsi, (uint32_t)r->rdx);
    case FSTATFS:
        return call_fstatfs((int)r->rdi, r->rsi);
    case FCHDIR:
        return call_fchdir((int)r->rdi);
    case GETCWD:
        return call_getcwd(r->rdi, r->rsi);
    case GETDENTS64:
        return call_getdents64((int)r->rdi, r->rsi, (uint32_t)r->rdx);
    case UMASK:
        return call_umask((uint32_t)r->rdi);
    case CLOCK_GETTIME:
        return call_clock_gettime((int)r->rdi, r->rsi);
    case CLOCK_GETRES:
        return call_clock_getres((int)r->rdi, r->rsi);
    case CLOCK_NANOSLEEP:
        return call_clock_nanosleep((int)r->rdi, (int)r->rsi, r->rdx);
    case NANOSLEEP:
        return call_nanosleep(r->rdi);
    case GETTIMEOFDAY:
        return call_gettimeofday(r->rdi, r->rsi);
    case TIME:
        return call_time(r->rdi);
    case TIMES:
        return call_times(r->rdi);
    case GETRANDOM:
        return call_getrandom(r->rdi, r->rsi, (unsigned)r->rdx);
    default:
        return call_process(r);
    }
}

long personality_call(struct registers *registers) {
    bool traced = personality_program.flags & PERSONALITY_STRACE;
    if (traced && (registers->rax == EXIT_GROUP || registers->rax == EXIT))
        console_trace(registers, 0);
    long result = answer(registers);
    if (traced)
        console_trace(registers, result);
    if (signals_pending & ~signals_blocked)
        signals_deliver(registers, result);
    return result;
}
