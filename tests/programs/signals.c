/*
 * signals.c: signals that a program sends to itself; prints what its handlers see.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile int depth;
static char stack[65536];
static sigjmp_buf back;

static void say(int signal) {
    printf("handler %d at depth %d\n", signal, depth);
}

static void nested(int signal) {
    printf("begin %d\n", signal);
    depth++;
    raise(SIGUSR2);
    raise(signal); /* Blocked until this returns. */
    depth--;
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    sigaction(signal, &ignored, NULL);
    printf("end %d\n", signal);
}

static void detailed(int signal, siginfo_t *info, void *context) {
    char here;
    int alternative = &here >= stack && &here < stack + sizeof stack;
    printf("%d: number %d, code %d, by itself %d, on its stack %d, context %d\n", signal,
           info->si_signo, info->si_code, info->si_pid == getpid(), alternative, context != NULL);
}

static void leave(int signal) {
    siglongjmp(back, signal);
}

static void clobber(int signal) {
    (void)signal;
    __asm__ volatile("pxor %%xmm3, %%xmm3; pxor %%xmm9, %%xmm9" : : : "xmm3", "xmm9");
}

static void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

/* All registers but RAX, RCX and R11 are as they were, vector registers too. */
static void registers(void) {
    handle(SIGUSR1, clobber, 0);
    uint64_t wrong = 0, pid = (uint64_t)getpid();
    __asm__ volatile("movq $111, %%rbx; movq $222, %%r12; movq $333, %%r15; movq $444, %%r10\n"
                     "movq %%rbx, %%xmm3; movq %%r12, %%xmm9\n"
                     "movq $555, -8(%%rsp); movq $666, -120(%%rsp)\n"
                     "movl $62, %%eax; movl $10, %%esi; movq %[pid], %%rdi\n"
                     "syscall\n"
                     "nop; nop; nop\n"
                     "orq %%rax, %[wrong]\n"
                     "subq $111, %%rbx; orq %%rbx, %[wrong]\n"
                     "subq $222, %%r12; orq %%r12, %[wrong]\n"
                     "subq $333, %%r15; orq %%r15, %[wrong]\n"
                     "subq $444, %%r10; orq %%r10, %[wrong]\n"
                     "movq %%xmm3, %%rbx; subq $111, %%rbx; orq %%rbx, %[wrong]\n"
                     "movq %%xmm9, %%rbx; subq $222, %%rbx; orq %%rbx, %[wrong]\n"
                     "subq $555, -8(%%rsp); orq -8(%%rsp), %[wrong]\n"
                     "subq $666, -120(%%rsp); orq -120(%%rsp), %[wrong]\n"
                     : [wrong] "+r"(wrong)
                     : [pid] "r"(pid)
                     : "rax", "rbx", "rcx", "rsi", "rdi", "r10", "r11", "r12", "r15", "xmm3",
                       "xmm9", "memory", "cc");
    printf("registers: %ld\n", (long)wrong);
}

static void masks(void) {
    handle(SIGUSR1, say, 0);
    handle(SIGUSR2, say, 0);
    sigset_t set, old, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR2);
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigpending(&pending);
    printf("pending %d %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2),
           sigismember(&pending, SIGTERM));
    sigprocmask(SIG_SETMASK, &old, NULL);
    puts("delivered");
}

static void others(void) {
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternative, NULL);
    struct sigaction action = {.sa_sigaction = detailed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGTERM, &action, NULL);
    raise(SIGTERM);
    kill(getpid(), SIGTERM);
    handle(SIGHUP, leave, 0);
    int number = sigsetjmp(back, 1);
    if (number == 0)
        raise(SIGHUP);
    printf("back from %d\n", number);
    handle(SIGHUP, say, SA_RESETHAND);
    raise(SIGHUP);
    struct sigaction after;
    sigaction(SIGHUP, NULL, &after);
    printf("reset: %d\n", after.sa_handler == SIG_DFL);
    raise(SIGCHLD);
    raise(SIGWINCH);
    printf("none: %d\n", kill(getpid(), 0));
    int wrong = kill(getpid(), 99);
    printf("wrong: %d %s\n", wrong, strerror(errno));
    wrong = sigaction(SIGKILL, &action, NULL);
    printf("kill: %d %s\n", wrong, strerror(errno));
}

int main(int count, char **words) {
    setvbuf(stdout, NULL, _IONBF, 0);
    if (count > 1) {
        raise(atoi(words[1]));
        puts("went on");
        return 0;
    }
    handle(SIGUSR2, say, 0);
    handle(SIGUSR1, nested, 0);
    raise(SIGUSR1);
    registers();
    masks();
    others();
    handle(SIGABRT, say, 0);
    abort();
}
