/* signals.h: calls about signals and clocks. */
#pragma once
#include "common.h"

static const int signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGALRM, SIGCHLD, 40, SIGWINCH};
static volatile sig_atomic_t handled;

static void handler(int signal) {
    handled = handled * 100 + signal;
}

static void handler_with_info(int signal, siginfo_t *info, void *context) {
    (void)context;
    handled = handled * 100 + signal + (info->si_code == SI_USER) + (info->si_code == SI_TKILL) * 2;
}

static void call_sigaction(choice b) {
    static const int flags[] = {0, SA_NODEFER, SA_RESETHAND, SA_RESTART, SA_ONSTACK};
    struct sigaction action = {.sa_flags = CHOOSE(flags, b[1])}, old;
    int number = b[3] % 16 == 0 ? (b[0] & 1 ? SIGKILL : 99) : CHOOSE(signals, b[0]);
    /* Who runs this program does not know an end by a real-time signal. */
    if (number == 40)
        action.sa_flags &= ~(int)SA_RESETHAND;
    if (b[2] % 3 == 0) {
        action.sa_sigaction = handler_with_info;
        action.sa_flags |= SA_SIGINFO;
    } else
        action.sa_handler = b[2] % 3 == 1 ? handler : SIG_IGN;
    if (b[4] & 1)
        sigaddset(&action.sa_mask, CHOOSE(signals, b[5]));
    if (show("sigaction", sigaction(number, &action, &old)) == 0)
        printf("  %x\n", (unsigned)old.sa_flags);
}

static void call_sigmask(choice b) {
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, CHOOSE(signals, b[0]));
    sigaddset(&set, CHOOSE(signals, b[1]));
    if (show("sigprocmask", sigprocmask(b[2] % 4, &set, &old)) != 0)
        return;
    for (size_t at = 0; at < sizeof signals / sizeof *signals; at++)
        printf(" %d", sigismember(&old, signals[at]));
    printf("\n");
}

/* Sends a signal that is ignored, has a handler, or is blocked: another one would be the end. */
static void call_kill(choice b) {
    int number = CHOOSE(signals, b[0]);
    struct sigaction action;
    sigset_t mask;
    sigaction(number, NULL, &action);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    if (action.sa_handler == SIG_DFL && number != SIGCHLD && number != SIGWINCH)
        return;
    show("kill", b[1] & 1 ? syscall(SYS_kill, getpid(), number)
                          : syscall(SYS_tgkill, getpid(), gettid(), number));
}

static void call_pending(choice b) {
    sigset_t set;
    show("sigpending", sigpending(&set));
    for (size_t at = 0; at < sizeof signals / sizeof *signals; at++)
        printf(" %d", sigismember(&set, signals[at]));
    printf("\n");
    if (b[0] % 4 == 0) {
        struct timespec none = {0, 0};
        siginfo_t info;
        show("sigtimedwait", sigtimedwait(&set, &info, &none));
    }
}

static void call_clock(choice b) {
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, 99, -1};
    static struct timespec last[3];
    int which = b[0] % 5;
    struct timespec now;
    show("clock_gettime", syscall(SYS_clock_gettime, CHOOSE(clocks, b[0]), &now));
    if (which == 1 || which == 2) {
        if (now.tv_sec < last[which].tv_sec ||
            (now.tv_sec == last[which].tv_sec && now.tv_nsec < last[which].tv_nsec))
            printf("  goes back\n");
        last[which] = now;
    }
    struct timespec wait = {0, b[1] % 8 == 0 ? 1000000000 : b[1]};
    show("nanosleep", syscall(SYS_nanosleep, &wait, NULL));
}
