/*
 * waiting.c: the calls that wait for files.
 */
#include "waiting.h"

#include "channels.h"
#include "clock.h"
#include "content.h"
#include "descriptors.h"
#include "end.h"
#include "pages.h"

/* When a wait of some nanoseconds is over, of monotonic time; ~0 for never. */
static uint64_t deadline_of(uint64_t time) {
    uint64_t now = solo5_clock_monotonic();
    return time > ~0ul - now ? ~0ul : now + time;
}

/* Waits a moment for any file; false if the time is over. */
static bool wait_until(uint64_t deadline) {
    if (deadline == ~0ul && !channels_exist())
        process_end_waiting("nothing can happen that it waits for");
    if (solo5_clock_monotonic() >= deadline)
        return false;
    channels_wait(deadline);
    return true;
}

/* What holds of a descriptor's file, whether it is asked for or not; POLLNVAL if there is none. */
static int events_of(int fd) {
    const struct file *file = descriptor_opened(fd);
    if (file == NULL)
        return POLLNVAL;
    int events = content_events(file->node, file->flags);
    return events | (events & POLLIN ? POLLRDNORM : 0) | (events & POLLOUT ? POLLWRNORM : 0);
}

/* ---- poll() ---- */

static long poll_once(struct linux_pollfd *polled, size_t count) {
    long ready = 0;
    for (size_t number = 0; number < count; number++) {
        struct linux_pollfd *one = &polled[number];
        int asked = one->events | POLLERR | POLLHUP | POLLNVAL;
        one->revents = (int16_t)(one->fd < 0 ? 0 : events_of(one->fd) & asked);
        ready += one->revents != 0;
    }
    return ready;
}

/* Waits for nanoseconds; ~0 for ever. */
static long poll(uintptr_t fds, size_t count, uint64_t time) {
    if (count > DESCRIPTORS)
        return -EINVAL;
    if (!memory_writable(fds, count * sizeof(struct linux_pollfd)))
        return -EFAULT;
    uint64_t deadline = deadline_of(time);
    long ready;
    do
        ready = poll_once((void *)fds, count);
    while (ready == 0 && time != 0 && wait_until(deadline));
    return ready;
}

long call_poll(uintptr_t fds, size_t count, int64_t timeout) {
    return poll(fds, count, timeout < 0 ? ~0ul : (uint64_t)timeout * 1000000);
}

/* Reads a time of the program's as nanoseconds, ~0 where there is none: 0 or an error. */
static long get_timeout(uintptr_t timeout, uint64_t unit, uint64_t *time) {
    *time = ~0ul;
    if (timeout == 0)
        return 0;
    if (!memory_readable(timeout, sizeof(struct linux_timespec)))
        return -EFAULT;
    const struct linux_timespec *given = (const void *)timeout;
    if (given->seconds < 0 || given->nanoseconds < 0 ||
        (uint64_t)given->nanoseconds >= SECOND / unit)
        return -EINVAL;
    if ((uint64_t)given->seconds < ~0ul / SECOND)
        *time = (uint64_t)given->seconds * SECOND + (uint64_t)given->nanoseconds * unit;
    return 0;
}

long call_ppoll(uintptr_t fds, size_t count, uintptr_t timeout) {
    uint64_t time;
    long error = get_timeout(timeout, 1, &time);
    return error != 0 ? error : poll(fds, count, time);
}

/* ---- select() ---- */

enum { READING, WRITING, EXCEPTIONAL, SETS };

#define WORDS (DESCRIPTORS / 64)

/* The events that a set stands for. */
static int meaning(int set) {
    switch (set) {
    case READING:
        return POLLIN | POLLHUP | POLLERR | POLLNVAL;
    case WRITING:
        return POLLOUT | POLLERR | POLLNVAL;
    default:
        return 0;
    }
}

/* Finds those of the asked-for descriptors that are ready: how many, or -EBADF. */
static long select_once(int count, const uint64_t asked[SETS][WORDS], uint64_t found[SETS][WORDS]) {
    long ready = 0;
    memset(found, 0, sizeof(uint64_t[SETS][WORDS]));
    for (int fd = 0; fd < count; fd++) {
        uint64_t bit = 1ul << fd % 64;
        for (int set = 0; set < SETS; set++) {
            if (!(asked[set][fd / 64] & bit))
                continue;
            if (descriptor_file(fd) == NULL)
                return -EBADF;
            if (events_of(fd) & meaning(set)) {
                found[set][fd / 64] |= bit;
                ready++;
            }
        }
    }
    return ready;
}

static long select(int count, const uintptr_t sets[SETS], uint64_t time) {
    if (count < 0)
        return -EINVAL;
    if (count > DESCRIPTORS)
        count = DESCRIPTORS;
    size_t size = ((size_t)count + 63) / 64 * 8;
    uint64_t asked[SETS][WORDS] = {0}, found[SETS][WORDS];
    for (int set = 0; set < SETS; set++) {
        if (sets[set] != 0 && !memory_writable(sets[set], size))
            return -EFAULT;
        if (sets[set] != 0)
            memcpy(asked[set], (const void *)sets[set], size);
    }
    uint64_t deadline = deadline_of(time);
    long ready;
    do
        ready = select_once(count, (const uint64_t(*)[WORDS])asked, found);
    while (ready == 0 && time != 0 && wait_until(deadline));
    for (int set = 0; set < SETS && ready >= 0; set++) {
        if (sets[set] != 0)
            memcpy((void *)sets[set], found[set], size);
    }
    return ready;
}

long call_select(int count, const uintptr_t sets[3], uintptr_t timeout) {
    uint64_t time;
    long error = get_timeout(timeout, 1000, &time);
    return error != 0 ? error : select(count, sets, time);
}

long call_pselect6(int count, const uintptr_t sets[3], uintptr_t timeout) {
    uint64_t time;
    long error = get_timeout(timeout, 1, &time);
    return error != 0 ? error : select(count, sets, time);
}
