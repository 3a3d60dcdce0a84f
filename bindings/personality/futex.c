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
    FUTEX_LOCK_PI = 6,
    FUTEX_UNLOCK_PI = 7,
    FUTEX_TRYLOCK_PI = 8,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10
};
#define FUTEX_COMMAND  0x7f
#define FUTEX_TID_MASK 0x3fffffff

/* A lock of the kind that lends its owner the priority of those who wait: the word is its owner. */
static long lock_owned(uintptr_t word, long command) {
    if (!memory_writable(word, 4))
        return -EFAULT;
    uint32_t *owner = (uint32_t *)word;
    bool own = (*owner & FUTEX_TID_MASK) == PROCESS;
    if (command == FUTEX_UNLOCK_PI) {
        if (!own)
            return -EPERM;
        *owner = 0;
        return 0;
    }
    if (own)
        return -EDEADLK;
    if (*owner & FUTEX_TID_MASK)
        return -ESRCH;
    *owner |= PROCESS;
    return 0;
}

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
    if (command == FUTEX_LOCK_PI || command == FUTEX_UNLOCK_PI || command == FUTEX_TRYLOCK_PI)
        return lock_owned(word, command);
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

static uintptr_t robust_list;

/* The size of the list's head. */
#define ROBUST_HEAD 24

long call_set_robust_list(uintptr_t head, size_t size) {
    if (size != ROBUST_HEAD)
        return -EINVAL;
    robust_list = head;
    return 0;
}

long call_get_robust_list(long thread, uintptr_t head, uintptr_t size) {
    if (thread != 0 && thread != PROCESS)
        return -ESRCH;
    if (!memory_writable(head, 8) || !memory_writable(size, 8))
        return -EFAULT;
    *(uint64_t *)head = robust_list;
    *(uint64_t *)size = ROBUST_HEAD;
    return 0;
}
