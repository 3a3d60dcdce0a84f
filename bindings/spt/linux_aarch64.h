/*
 * linux_aarch64.h: how aarch64 calls Linux, and what is numbered or laid out differently there.
 */
#ifndef LINUX_AARCH64_H
#define LINUX_AARCH64_H

#include <stdint.h>

enum linux_call {
    LINUX_EPOLL_PWAIT = 22,
    LINUX_READ = 63,
    LINUX_WRITE = 64,
    LINUX_PREAD64 = 67,
    LINUX_PWRITE64 = 68,
    LINUX_TIMERFD_SETTIME = 86,
    LINUX_EXIT_GROUP = 94,
    LINUX_CLOCK_GETTIME = 113
};

struct linux_epoll_event {
    uint32_t events;
    uint64_t data;
};

/* A system call of up to six arguments; a result from -4095 to -1 is an error's number, negated. */
static inline long linux_call6(enum linux_call number, long a, long b, long c, long d, long e,
                               long f) {
    register long which __asm__("x8") = number;
    register long first __asm__("x0") = a; /* Then the result. */
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    register long fifth __asm__("x4") = e;
    register long sixth __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(which), "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "memory");
    return first;
}

static inline long linux_call4(enum linux_call number, long a, long b, long c, long d) {
    register long which __asm__("x8") = number;
    register long first __asm__("x0") = a;
    register long second __asm__("x1") = b;
    register long third __asm__("x2") = c;
    register long fourth __asm__("x3") = d;
    __asm__ volatile("svc #0"
                     : "+r"(first)
                     : "r"(which), "r"(second), "r"(third), "r"(fourth)
                     : "memory");
    return first;
}

/* Needs no system call: any code may set the register. */
static inline long linux_set_thread_pointer(uintptr_t base) {
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(base) : "memory");
    return 0;
}

#endif
