/*
 * limits.c: limits on resources, and what was used of them. A program gets its limits back as it
 * set them; only that of descriptors does anything.
 */
#include "limits.h"

#include "clock.h"
#include "descriptors.h"
#include "end.h"
#include "pages.h"

static struct linux_rlimit limits[RLIMITS];
static bool given[RLIMITS]; /* Whether the program has set it. */

static struct linux_rlimit limit_of(unsigned resource) {
    if (given[resource])
        return limits[resource];
    uint64_t most = resource == RLIMIT_STACK    ? memory_stack_size()
                    : resource == RLIMIT_NOFILE ? DESCRIPTORS
                    : resource == RLIMIT_CORE   ? 0
                                                : RLIM_INFINITY;
    return (struct linux_rlimit){most, most};
}

long call_prlimit(long process, unsigned resource, uintptr_t limit, uintptr_t old) {
    if (process != 0 && process != PROCESS)
        return -ESRCH;
    if (resource >= RLIMITS)
        return -EINVAL;
    if ((limit != 0 && !memory_readable(limit, sizeof *limits)) ||
        (old != 0 && !memory_writable(old, sizeof *limits)))
        return -EFAULT;
    struct linux_rlimit before = limit_of(resource);
    if (limit != 0) {
        struct linux_rlimit asked = *(const struct linux_rlimit *)limit;
        if (asked.current > asked.most)
            return -EINVAL;
        if (resource == RLIMIT_NOFILE && asked.most > DESCRIPTORS)
            return -EPERM;
        limits[resource] = asked;
        given[resource] = true;
        if (resource == RLIMIT_NOFILE)
            descriptor_limit = (int)asked.current;
    }
    if (old != 0)
        *(struct linux_rlimit *)old = before;
    return 0;
}

long call_getrusage(long who, uintptr_t buffer) {
    if (who < -1 || who > 1)
        return -EINVAL;
    if (!memory_writable(buffer, sizeof(struct linux_rusage)))
        return -EFAULT;
    uint64_t microseconds = who == -1 ? 0 : clock_used() / 1000;
    *(struct linux_rusage *)buffer = (struct linux_rusage){
        .user = {(int64_t)(microseconds / 1000000), (int64_t)(microseconds % 1000000)},
    };
    return 0;
}

long call_sysinfo(uintptr_t buffer) {
    if (!memory_writable(buffer, sizeof(struct linux_sysinfo)))
        return -EFAULT;
    *(struct linux_sysinfo *)buffer = (struct linux_sysinfo){
        .uptime = (int64_t)(solo5_clock_monotonic() / SECOND),
        .total_memory = memory_total(),
        .free_memory = memory_free(),
        .processes = 1,
        .unit = 1,
    };
    return 0;
}
