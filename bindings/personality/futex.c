/*
 * futex.c: locks.
 */
#include "futex.h"

#include "clock.h"
#include "end.h"
#include "pages.h"

enum {
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE = 4,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10
};
#define FUTEX_COMMAND 0x7f

/* Nobody but the program itself could wake it: it waits for its timeout, or for ever. */
long call_futex(uintptr_t word, long operation, uint32_t value, uintptr_t timeout) {
    long command = operation & FUTEX_COMMAND;
    if (word % 4 != 0)
        return -EINVAL;
    if (!memory_readable(word, 4))
        return -EFAULT;
    if (command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET || command == FUTEX_REQUEUE ||
        command == FUTEX_CMP_REQUEUE)
        return 0;
    if (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET)
        return -ENOSYS;
    if (*(const uint32_t *)word != value)
        return -EAGAIN;
    if (timeout == 0)
        process_end_waiting("for a lock that it holds already");
    if (!memory_readable(timeout, sizeof(struct linux_timespec)))
        return -EFAULT;
    long flags = command == FUTEX_WAIT_BITSET ? TIMER_ABSTIME : 0;
    long error = call_clock_nanosleep(operation & 0x100 ? 0 : 1, flags, timeout);
    return error != 0 ? error : -110; /* ETIMEDOUT */
}
