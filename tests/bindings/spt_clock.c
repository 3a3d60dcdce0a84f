/*
 * spt_clock.c: spt's yield, on a simulated kernel: its time stands still unless a wait advances it,
 * and the test decides how each wait ends.
 */
#include <stdbool.h>
#include <stdint.h>

#include "check.h"

/* In place of the machine's. */
#define LINUX_X86_64_H
#define LINUX_AARCH64_H
enum linux_call { LINUX_CLOCK_GETTIME, LINUX_EPOLL_PWAIT, LINUX_TIMERFD_SETTIME };
struct linux_epoll_event {
    uint32_t events;
    uint64_t data;
};
static long linux_call4(enum linux_call number, long a, long b, long c, long d);
static long linux_call6(enum linux_call number, long a, long b, long c, long d, long e, long f);

#include "spt/clock.c"

enum { EPOLL = 3, TIMER = 4 };

/* How a wait ends, and how far that moves time on. */
struct wait {
    long result; /* How many events, or an error. */
    uint64_t data[3];
    uint64_t nanoseconds;
};

static const struct wait *next;
static uint64_t time;
static unsigned settings;
static struct linux_itimerspec set;
static long asked;

static long linux_call4(enum linux_call number, long a, long b, long c, long d) {
    (void)d;
    if (number == LINUX_CLOCK_GETTIME) {
        if (a == LINUX_CLOCK_MONOTONIC)
            *(struct linux_timespec *)b = (struct linux_timespec){time / SECOND, time % SECOND};
        return 0;
    }
    if (number == LINUX_TIMERFD_SETTIME && a == TIMER && b == LINUX_TFD_TIMER_ABSTIME) {
        set = *(const struct linux_itimerspec *)c;
        settings++;
    }
    return 0;
}

static long linux_call6(enum linux_call number, long a, long b, long c, long d, long e, long f) {
    (void)e, (void)f;
    if (number != LINUX_EPOLL_PWAIT || a != EPOLL || c < 64)
        return -LINUX_EINVAL;
    asked = d;
    for (long i = 0; i < next->result; i++)
        ((struct linux_epoll_event *)b)[i].data = next->data[i];
    time += next->nanoseconds;
    return next++->result;
}

int main(void) {
    clock_init(EPOLL, TIMER);
    time = 5 * SECOND + 7;
    CHECK(solo5_clock_monotonic() == 5 * SECOND + 7);

    /* A deadline that has passed sets no timer, and waits for nothing. */
    static const struct wait nothing[] = {{.result = 0}};
    solo5_handle_set_t ready = 7;
    next = nothing;
    solo5_yield(time, &ready);
    CHECK(settings == 0 && asked == 0 && ready == 0);

    /* Devices that are ready then are reported, but not the timer of an earlier yield. */
    static const struct wait both[] = {{.result = 3, .data = {63, SPT_INTERNAL_TIMERFD, 1}}};
    next = both;
    solo5_yield(0, &ready);
    CHECK(asked == 0 && ready == (UINT64_C(1) << 63 | 2));

    /* A signal, or the timer of an earlier yield, does not end a wait; time does. */
    static const struct wait early[] = {
        {.result = -LINUX_EINTR, .nanoseconds = 10},
        {.result = 1, .data = {SPT_INTERNAL_TIMERFD}, .nanoseconds = 10},
        {.result = 1, .data = {SPT_INTERNAL_TIMERFD}, .nanoseconds = SECOND - 20},
    };
    next = early;
    solo5_time_t deadline = time + SECOND;
    solo5_yield(deadline, &ready);
    CHECK(next == early + 3 && time == deadline && asked == -1 && ready == 0);
    CHECK(settings == 1 && set.interval.seconds == 0 && set.interval.nanoseconds == 0);
    CHECK(set.value.seconds == 6 && set.value.nanoseconds == 7);

    /* What is ready ends it. */
    static const struct wait device[] = {{.result = 1, .data = {2}, .nanoseconds = 10}};
    next = device;
    solo5_yield(UINT64_MAX, &ready);
    CHECK(next == device + 1 && ready == 4);
    return 0;
}
