/*
 * process_calls.c: from the number of a call about the program itself to the function that answers
 * it.
 */
#include "process_calls.h"

#include "end.h"
#include "futex.h"
#include "linux_calls.h"
#include "process.h"
#include "signals.h"

/* A process of another number than the program's own, or 0. */
static long own(long process) {
    return process == 0 || process == PROCESS ? PROCESS : -ESRCH;
}

/* Calls about the program itself. */
long calls_of_process(const struct registers *r) {
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
        return -ENOSYS;
    }
}
