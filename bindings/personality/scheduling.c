/*
 * scheduling.c: when the program runs, and on which processor. There is one of each, and the
 * program runs whenever it can.
 */
#include "scheduling.h"

#include "end.h"
#include "pages.h"

enum { SCHED_OTHER = 0, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_BATCH = 3, SCHED_IDLE = 5 };

long scheduling_own(long process) {
    return process == 0 || process == PROCESS ? PROCESS : -ESRCH;
}

long call_sched_getaffinity(long process, size_t size, uintptr_t buffer) {
    if (scheduling_own(process) < 0)
        return -ESRCH;
    if (size < 8 || size % 8 != 0)
        return -EINVAL;
    if (!memory_writable(buffer, 8))
        return -EFAULT;
    *(uint64_t *)buffer = 1;
    return 8;
}

/* The first processor has to be among those that are asked for: there is no other. */
long call_sched_setaffinity(long process, size_t size, uintptr_t buffer) {
    if (!memory_readable(buffer, size < 8 ? size : 8))
        return -EFAULT;
    if (scheduling_own(process) < 0)
        return -ESRCH;
    return size > 0 && (*(const uint8_t *)buffer & 1) ? 0 : -EINVAL;
}

static bool is_ordinary(int policy) {
    return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE;
}

static bool is_real_time(int policy) {
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

long call_sched_setscheduler(long process, int policy, uintptr_t parameter) {
    if (process < 0 || parameter == 0 || !(is_ordinary(policy) || is_real_time(policy)))
        return -EINVAL;
    if (scheduling_own(process) < 0)
        return -ESRCH;
    if (!memory_readable(parameter, 4))
        return -EFAULT;
    if (is_real_time(policy))
        return -EPERM;
    return *(const int32_t *)parameter == 0 ? 0 : -EINVAL;
}

long call_sched_getparam(long process, uintptr_t parameter) {
    if (process < 0 || parameter == 0)
        return -EINVAL;
    if (scheduling_own(process) < 0)
        return -ESRCH;
    if (!memory_writable(parameter, 4))
        return -EFAULT;
    *(int32_t *)parameter = 0;
    return 0;
}

long call_sched_get_priority(int policy, bool highest) {
    if (is_real_time(policy))
        return highest ? 99 : 1;
    return is_ordinary(policy) ? 0 : -EINVAL;
}

/* The time that Linux gives a program at a stretch, in nanoseconds. */
#define STRETCH 4000000

long call_sched_rr_get_interval(long process, uintptr_t interval) {
    if (process < 0)
        return -EINVAL;
    if (scheduling_own(process) < 0)
        return -ESRCH;
    if (!memory_writable(interval, sizeof(struct linux_timespec)))
        return -EFAULT;
    *(struct linux_timespec *)interval = (struct linux_timespec){0, STRETCH};
    return 0;
}

static int niceness;

/* Whether these are the program, its group or its user. */
static long check_who(int kind, int who) {
    if (kind < 0 || kind > 2)
        return -EINVAL;
    return kind == 2 ? (who == 0 ? 0 : -ESRCH) : (scheduling_own(who) < 0 ? -ESRCH : 0);
}

long call_getpriority(int kind, int who) {
    long error = check_who(kind, who);
    return error != 0 ? error : 20 - niceness;
}

long call_setpriority(int kind, int who, int nice) {
    long error = check_who(kind, who);
    if (error == 0)
        niceness = nice < -20 ? -20 : nice > 19 ? 19 : nice;
    return error;
}

long call_getcpu(uintptr_t cpu, uintptr_t node) {
    if ((cpu != 0 && !memory_writable(cpu, 4)) || (node != 0 && !memory_writable(node, 4)))
        return -EFAULT;
    if (cpu != 0)
        *(uint32_t *)cpu = 0;
    if (node != 0)
        *(uint32_t *)node = 0;
    return 0;
}
