/*
 * clock.c: time, and waiting for a deadline or a device. The timer descriptor uses the clock that
 * monotonic time is read from.
 */
#include "spt.h"

#include "../common/bindings.h"
#include "linux.h"

#define SECOND     UINT64_C(1000000000)
#define EVENTS_MAX MFT_MAX_ENTRIES /* Every device and the timer. */

static int epoll;
static int timer;
static uint64_t lead; /* Of our clock over Linux's: 0, unless a snapshot goes on. Modulo 2^64. */

void clock_init(int epollfd, int timerfd) {
    epoll = epollfd;
    timer = timerfd;
}

static solo5_time_t read_clock(int clock) {
    struct linux_timespec now;
    linux_call4(LINUX_CLOCK_GETTIME, clock, (long)&now, 0, 0);
    return (uint64_t)now.seconds * SECOND + (uint64_t)now.nanoseconds;
}

void clock_resume(solo5_time_t now) {
    lead = now - read_clock(LINUX_CLOCK_MONOTONIC);
}

solo5_time_t solo5_clock_monotonic(void) {
    return read_clock(LINUX_CLOCK_MONOTONIC) + lead;
}

solo5_time_t solo5_clock_wall(void) {
    return read_clock(LINUX_CLOCK_REALTIME);
}

static void set_timer(solo5_time_t deadline) {
    solo5_time_t moment = deadline - lead;
    /* Linux's clock is ahead of ours, and this moment of ours is later than any that it has. */
    if ((int64_t)lead < 0 && moment < deadline)
        moment = UINT64_MAX;
    const struct linux_itimerspec spec = {
        .value = {(int64_t)(moment / SECOND), (int64_t)(moment % SECOND)}};
    linux_call4(LINUX_TIMERFD_SETTIME, timer, LINUX_TFD_TIMER_ABSTIME, (long)&spec, 0);
}

/* The devices that are ready; `timeout` in milliseconds, or -1 to wait for one or the timer. */
static solo5_handle_set_t wait(int timeout) {
    struct linux_epoll_event events[EVENTS_MAX];
    solo5_handle_set_t ready = 0;
    long count = linux_call6(LINUX_EPOLL_PWAIT, epoll, (long)events, EVENTS_MAX, timeout, 0, 0);
    for (long i = 0; i < count; i++) {
        if (events[i].data != SPT_INTERNAL_TIMERFD)
            ready |= UINT64_C(1) << events[i].data;
    }
    return ready;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set) {
    solo5_handle_set_t ready;
    bool passed = solo5_clock_monotonic() >= deadline;
    if (!passed)
        set_timer(deadline);
    /* A wait may end early: by a signal, or by a timer that an earlier yield has set. */
    do {
        ready = wait(passed ? 0 : -1);
    } while (ready == 0 && !passed && solo5_clock_monotonic() < deadline);
    if (ready_set != NULL)
        *ready_set = ready;
}
