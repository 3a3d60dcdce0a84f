/*
 * process_calls.c: from the number of a call about the program itself to the function that answers
 * it.
 */
#include "process_calls.h"

#include "end.h"
#include "futex.h"
#include "identity.h"
#include "limits.h"
#include "linux_calls.h"
#include "process.h"
#include "scheduling.h"
#include "signals.h"

static long calls_of_identity(const struct registers *r) {
    uint32_t first = (uint32_t)r->rdi, second = (uint32_t)r->rsi, third = (uint32_t)r->rdx;
    switch (r->rax) {
    case GETUID:
        return identity_real(IDENTITY_USER);
    case GETGID:
        return identity_real(IDENTITY_GROUP);
    case GETEUID:
    case SETFSUID:
        return identity_effective(IDENTITY_USER);
    case GETEGID:
    case SETFSGID:
        return identity_effective(IDENTITY_GROUP);
    case SETUID:
        return identity_set(IDENTITY_USER, first);
    case SETGID:
        return identity_set(IDENTITY_GROUP, first);
    case SETREUID:
        return identity_set_two(IDENTITY_USER, first, second);
    case SETREGID:
        return identity_set_two(IDENTITY_GROUP, first, second);
    case SETRESUID:
        return identity_set_all(IDENTITY_USER, first, second, third);
    case SETRESGID:
        return identity_set_all(IDENTITY_GROUP, first, second, third);
    case GETRESUID:
        return identity_get_all(IDENTITY_USER, r->rdi, r->rsi, r->rdx);
    case GETRESGID:
        return identity_get_all(IDENTITY_GROUP, r->rdi, r->rsi, r->rdx);
    case GETGROUPS:
        return call_getgroups((int)r->rdi, r->rsi);
    case SETGROUPS:
        return call_setgroups((int)r->rdi, r->rsi);
    default:
        return -ENOSYS;
    }
}

static long calls_of_scheduling(const struct registers *r) {
    switch (r->rax) {
    case SCHED_YIELD:
        return 0;
    case SCHED_SETAFFINITY:
        return call_sched_setaffinity((int)r->rdi, r->rsi, r->rdx);
    case SCHED_GETAFFINITY:
        return call_sched_getaffinity((int)r->rdi, r->rsi, r->rdx);
    case SCHED_GETSCHEDULER:
        return scheduling_own((int)r->rdi) < 0 ? -ESRCH : 0;
    case SCHED_SETSCHEDULER:
        return call_sched_setscheduler((int)r->rdi, (int)r->rsi, r->rdx);
    case SCHED_SETPARAM:
        return call_sched_setscheduler((int)r->rdi, 0, r->rsi);
    case SCHED_GETPARAM:
        return call_sched_getparam((int)r->rdi, r->rsi);
    case SCHED_GET_PRIORITY_MAX:
        return call_sched_get_priority((int)r->rdi, true);
    case SCHED_GET_PRIORITY_MIN:
        return call_sched_get_priority((int)r->rdi, false);
    case SCHED_RR_GET_INTERVAL:
        return call_sched_rr_get_interval((int)r->rdi, r->rsi);
    case GETPRIORITY:
        return call_getpriority((int)r->rdi, (int)r->rsi);
    case SETPRIORITY:
        return call_setpriority((int)r->rdi, (int)r->rsi, (int)r->rdx);
    case GETCPU:
        return call_getcpu(r->rdi, r->rsi);
    default:
        return calls_of_identity(r);
    }
}

static long calls_of_signals(const struct registers *r) {
    switch (r->rax) {
    case KILL:
        return call_kill((int)r->rdi, (int)r->rsi);
    case TKILL:
        return call_tgkill(PROCESS, (int)r->rdi, (int)r->rsi);
    case TGKILL:
        return call_tgkill((int)r->rdi, (int)r->rsi, (int)r->rdx);
    case RT_SIGQUEUEINFO:
        return call_rt_sigqueueinfo((int)r->rdi, (int)r->rsi, r->rdx);
    case RT_TGSIGQUEUEINFO:
        return call_rt_sigqueueinfo((int)r->rdi == PROCESS ? (int)r->rsi : 0, (int)r->rdx, r->r10);
    case RT_SIGACTION:
        return call_rt_sigaction((int)r->rdi, r->rsi, r->rdx, r->r10);
    case RT_SIGPROCMASK:
        return call_rt_sigprocmask((int)r->rdi, r->rsi, r->rdx, r->r10);
    case RT_SIGPENDING:
        return call_rt_sigpending(r->rdi, r->rsi);
    case RT_SIGSUSPEND:
        return call_rt_sigsuspend(r->rdi, r->rsi);
    case RT_SIGTIMEDWAIT:
        return call_rt_sigtimedwait(r->rdi, r->rsi, r->rdx, r->r10);
    case PAUSE:
        process_end_waiting("for a signal, which nobody can send");
    case SIGALTSTACK:
        return call_sigaltstack(r->rdi, r->rsi, r->rsp);
    case RT_SIGRETURN:
        signals_return(r);
    default:
        return calls_of_scheduling(r);
    }
}

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
    case ARCH_PRCTL:
        return call_arch_prctl((int)r->rdi, r->rsi);
    case PRCTL:
        return call_prctl((int)r->rdi, r->rsi);
    case PERSONALITY:
        return 0;
    case FUTEX:
        return call_futex(r->rdi, (int)r->rsi, (uint32_t)r->rdx, r->r10);
    case CLONE:
        return call_clone(r->rdi);
    case CLONE3:
        return call_clone3(r->rdi, r->rsi);
    case FORK:
    case VFORK:
        return call_clone(0);
    case WAIT4:
    case WAITID:
        return -ECHILD;
    case SET_ROBUST_LIST:
        return call_set_robust_list(r->rdi, r->rsi);
    case GET_ROBUST_LIST:
        return call_get_robust_list((int)r->rdi, r->rsi, r->rdx);
    case GETPPID:
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
        return scheduling_own((int)r->rdi);
    case EXIT:
    case EXIT_GROUP:
        process_end((int)r->rdi);
    default:
        return calls_of_signals(r);
    }
}
