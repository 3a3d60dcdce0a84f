/*
 * linux_x86_64.h: how x86_64 calls Linux, and what is numbered or laid out differently there.
 */
#ifndef LINUX_X86_64_H
#define LINUX_X86_64_H

#include <stdint.h>

enum linux_call {
    LINUX_READ = 0,
    LINUX_WRITE = 1,
    LINUX_PREAD64 = 17,
    LINUX_PWRITE64 = 18,
    LINUX_ARCH_PRCTL = 158,
    LINUX_CLOCK_GETTIME = 228,
    LINUX_EXIT_GROUP = 231,
    LINUX_EPOLL_PWAIT = 281,
    LINUX_TIMERFD_SETTIME = 286
};

#define LINUX_ARCH_SET_FS 0x1002

struct linux_epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

/* A system call of up to six arguments; a result from -4095 to -1 is an error's number, negated. */
static inline long linux_call6(enum linux_call number, long a, long b, long c, long d, long e,
                               long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result = number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long linux_call4(enum linux_call number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    long result = number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

/* The thread pointer is the base of %fs, which a process sets by a system call. */
static inline long linux_set_thread_pointer(uintptr_t base) {
    return linux_call4(LINUX_ARCH_PRCTL, LINUX_ARCH_SET_FS, (long)base, 0, 0);
}

#endif
