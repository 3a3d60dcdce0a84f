/*
 * linux.h: the system calls that the tender's filter allows, and the kernel structures that they
 * use. A freestanding compiler does not have the kernel's own headers.
 */
#ifndef LINUX_H
#define LINUX_H

#include <stdint.h>

#if defined(__x86_64__)
#include "linux_x86_64.h"
#elif defined(__aarch64__)
#include "linux_aarch64.h"
#else
#error "bindings: no support for this architecture"
#endif

#define LINUX_EINTR  4
#define LINUX_EAGAIN 11
#define LINUX_EINVAL 22

#define LINUX_CLOCK_REALTIME  0
#define LINUX_CLOCK_MONOTONIC 1

#define LINUX_TFD_TIMER_ABSTIME 1

#define LINUX_STDOUT 1

struct linux_timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

struct linux_itimerspec {
    struct linux_timespec interval;
    struct linux_timespec value;
};

#endif
