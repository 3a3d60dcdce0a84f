/*
 * clock.c: time, and waiting for it.
 */
#include "clock.h"

#include "channels.h"
#include "pages.h"

static uint64_t start;

uint64_t clock_elapsed(void) {
    return solo5_clock_monotonic() - start;
}

uint64_t clock_used(void) {
    return clock_elapsed() - channels_waited;
}

/*
 * Wall time. On hvt it is the tender's to say, and the virtual machine has to be left to ask: this
 * happens from time to time, and between two answers the monotonic clock says what has passed.
 */
#define ASKED_EVERY 10000000ul /* Nanoseconds; so much later a clock that was set is seen. */
#define STEP        1000000ul  /* By less than this, time does not go back. */

static uint64_t asked_at, asked, last;
static bool is_known, is_running;

void clock_start(void) {
    start = asked_at = solo5_clock_monotonic();
    asked = last = solo5_clock_wall();
    is_known = true;
}

void clock_run(void) {
    is_running = true;
}

void clock_forget(void) {
    is_known = false;
}

uint64_t clock_now(void) {
    if (!is_running)
        return last;
    uint64_t elapsed = solo5_clock_monotonic() - asked_at;
    if (!is_known || elapsed >= ASKED_EVERY) {
        asked_at += elapsed;
        asked = solo5_clock_wall();
        elapsed = 0;
    }
    uint64_t now = asked + elapsed;
    if (is_known && now < last && last - now < STEP)
        return last;
    is_known = true;
    return last = now;
}

enum {
    REALTIME = 0,
    MONOTONIC = 1,
    PROCESS_TIME = 2,
    THREAD_TIME = 3,
    REALTIME_COARSE = 5,
    BOOTTIME = 7,
    TAI = 11
};

static bool is_clock(long clock) {
    return (clock >= 0 && clock <= BOOTTIME) || clock == TAI;
}

static bool is_wall(long clock) {
    return clock == REALTIME || clock == REALTIME_COARSE || clock == TAI;
}

static uint64_t read_clock(long clock) {
    if (is_wall(clock))
        return clock_now();
    return clock == PROCESS_TIME || clock == THREAD_TIME ? clock_used() : solo5_clock_monotonic();
}

static long put_time(uintptr_t buffer, uint64_t seconds, uint64_t rest) {
    if (!memory_writable(buffer, sizeof(struct linux_timespec)))
        return -EFAULT;
    *(struct linux_timespec *)buffer = (struct linux_timespec){(int64_t)seconds, (int64_t)rest};
    return 0;
}

long call_clock_gettime(long clock, uintptr_t buffer) {
    if (!is_clock(clock))
        return -EINVAL;
    uint64_t now = read_clock(clock);
    return put_time(buffer, now / SECOND, now % SECOND);
}

long call_clock_getres(long clock, uintptr_t buffer) {
    if (!is_clock(clock))
        return -EINVAL;
    return buffer == 0 ? 0 : put_time(buffer, 0, 1);
}

void clock_wait(uint64_t time) {
    uint64_t deadline = solo5_clock_monotonic();
    deadline = deadline + time < deadline ? ~0ul : deadline + time;
    while (solo5_clock_monotonic() < deadline)
        channels_wait(deadline);
}

/* Reads a time of the program's, in nanoseconds: 0 or an error. */
static long get_time(uintptr_t buffer, uint64_t *time) {
    if (!memory_readable(buffer, sizeof(struct linux_timespec)))
        return -EFAULT;
    const struct linux_timespec *given = (const void *)buffer;
    if (given->seconds < 0 || given->nanoseconds < 0 || given->nanoseconds >= (int64_t)SECOND)
        return -EINVAL;
    bool large = (uint64_t)given->seconds >= ~0ul / SECOND;
    *time = large ? ~0ul : (uint64_t)given->seconds * SECOND + (uint64_t)given->nanoseconds;
    return 0;
}

long call_nanosleep(uintptr_t request) {
    uint64_t time;
    long error = get_time(request, &time);
    if (error == 0)
        clock_wait(time);
    return error;
}

long call_clock_nanosleep(long clock, long flags, uintptr_t request) {
    if (!is_clock(clock) || clock == THREAD_TIME)
        return -EINVAL;
    uint64_t time;
    long error = get_time(request, &time);
    if (error != 0)
        return error;
    if (flags & TIMER_ABSTIME) {
        uint64_t now = read_clock(clock);
        time = time > now ? time - now : 0;
    }
    clock_wait(time);
    return 0;
}

long call_gettimeofday(uintptr_t buffer, uintptr_t zone) {
    uint64_t now = clock_now();
    if (zone != 0) {
        if (!memory_writable(zone, 8))
            return -EFAULT;
        *(uint64_t *)zone = 0;
    }
    return buffer == 0 ? 0 : put_time(buffer, now / SECOND, now % SECOND / 1000);
}

long call_time(uintptr_t buffer) {
    long seconds = (long)(clock_now() / SECOND);
    if (buffer == 0)
        return seconds;
    if (!memory_writable(buffer, 8))
        return -EFAULT;
    return *(int64_t *)buffer = seconds;
}

/* In hundredths of a second: all that is used is used by the program itself. */
long call_times(uintptr_t buffer) {
    int64_t ticks = (int64_t)(clock_elapsed() / (SECOND / 100));
    if (buffer == 0)
        return ticks;
    if (!memory_writable(buffer, 32))
        return -EFAULT;
    int64_t *times = (int64_t *)buffer;
    times[0] = (int64_t)(clock_used() / (SECOND / 100));
    times[1] = times[2] = times[3] = 0;
    return ticks;
}
