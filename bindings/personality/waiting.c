/*
 * waiting.c: the calls that wait for files.
 */
#include "waiting.h"

#include "clock.h"
#include "descriptors.h"
#include "pages.h"

/* Nothing here ever blocks: every open file can be read and written at once. */
long call_poll(uintptr_t fds, size_t count, int64_t timeout) {
    if (count > DESCRIPTORS)
        return -EINVAL;
    if (!memory_writable(fds, count * sizeof(struct linux_pollfd)))
        return -EFAULT;
    struct linux_pollfd *polled = (void *)fds;
    long ready = 0;
    for (size_t number = 0; number < count; number++) {
        struct linux_pollfd *one = &polled[number];
        one->revents = 0;
        if (one->fd < 0)
            continue;
        int possible = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
        one->revents =
            descriptor_file(one->fd) == NULL ? POLLNVAL : (int16_t)(one->events & possible);
        ready += one->revents != 0;
    }
    if (ready == 0 && timeout != 0)
        clock_wait(timeout < 0 ? ~0ul : (uint64_t)timeout * 1000000);
    return ready;
}

long call_ppoll(uintptr_t fds, size_t count, uintptr_t timeout) {
    int64_t milliseconds = -1;
    if (timeout != 0) {
        if (!memory_readable(timeout, sizeof(struct linux_timespec)))
            return -EFAULT;
        const struct linux_timespec *time = (const void *)timeout;
        if (time->seconds < 0 || time->nanoseconds < 0 || time->nanoseconds > 999999999)
            return -EINVAL;
        milliseconds = time->seconds > 1000000000
                           ? -1
                           : time->seconds * 1000 + (time->nanoseconds + 999999) / 1000000;
    }
    return call_poll(fds, count, milliseconds);
}
