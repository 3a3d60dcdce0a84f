/*
 * process.c: what the program asks about itself and the machine. It is the only process, with one
 * thread, and belongs to root.
 */
#include "process.h"

#include "clock.h"
#include "console.h"
#include "descriptors.h"
#include "end.h"
#include "pages.h"
#include "signals.h"

long call_kill(long process, int signal) {
    if (process != PROCESS && process != 0 && process != -1 && process != -PROCESS)
        return -ESRCH;
    return signals_send(signal, SI_USER);
}

long call_tgkill(long group, long thread, int signal) {
    if (group <= 0 || thread <= 0)
        return -EINVAL;
    if (group != PROCESS || thread != PROCESS)
        return -ESRCH;
    return signals_send(signal, SI_TKILL);
}

long call_uname(uintptr_t buffer) {
    static const struct linux_utsname name = {
        "Linux", "soloden", "6.1.0", "#1 soloden", "x86_64", "(none)",
    };
    if (!memory_writable(buffer, sizeof name))
        return -EFAULT;
    memcpy((void *)buffer, &name, sizeof name);
    return 0;
}

long call_prlimit(long process, unsigned resource, uintptr_t limit, uintptr_t old) {
    if (process != 0 && process != PROCESS)
        return -ESRCH;
    if (resource >= RLIMITS)
        return -EINVAL;
    if (limit != 0 && !memory_readable(limit, sizeof(struct linux_rlimit)))
        return -EFAULT;
    if (old == 0)
        return 0;
    if (!memory_writable(old, sizeof(struct linux_rlimit)))
        return -EFAULT;
    uint64_t most = resource == RLIMIT_STACK    ? memory_stack_size()
                    : resource == RLIMIT_NOFILE ? DESCRIPTORS
                    : resource == RLIMIT_CORE   ? 0
                                                : RLIM_INFINITY;
    *(struct linux_rlimit *)old = (struct linux_rlimit){most, most};
    return 0;
}

long call_getrusage(long who, uintptr_t buffer) {
    if (who < -1 || who > 1)
        return -EINVAL;
    if (!memory_writable(buffer, sizeof(struct linux_rusage)))
        return -EFAULT;
    uint64_t microseconds = who == -1 ? 0 : clock_elapsed() / 1000;
    *(struct linux_rusage *)buffer = (struct linux_rusage){
        .user = {(int64_t)(microseconds / 1000000), (int64_t)(microseconds % 1000000)},
    };
    return 0;
}

long call_sysinfo(uintptr_t buffer) {
    if (!memory_writable(buffer, sizeof(struct linux_sysinfo)))
        return -EFAULT;
    *(struct linux_sysinfo *)buffer = (struct linux_sysinfo){
        .uptime = (int64_t)(solo5_clock_monotonic() / 1000000000),
        .total_memory = memory_total(),
        .free_memory = memory_free(),
        .processes = 1,
        .unit = 1,
    };
    return 0;
}

long call_sched_getaffinity(long process, size_t size, uintptr_t buffer) {
    if (process != 0 && process != PROCESS)
        return -ESRCH;
    if (size < 8 || size % 8 != 0)
        return -EINVAL;
    if (!memory_writable(buffer, 8))
        return -EFAULT;
    *(uint64_t *)buffer = 1;
    return 8;
}

static uint64_t thread_pointer;

long call_arch_prctl(long code, uintptr_t address) {
    if (code == ARCH_SET_FS) {
        if (address >> 47 != 0)
            return -EPERM;
        if (solo5_set_tls_base(address) != SOLO5_R_OK)
            return -EINVAL;
        thread_pointer = address;
        return 0;
    }
    if (code != ARCH_GET_FS && code != ARCH_GET_GS)
        return -EINVAL;
    if (!memory_writable(address, 8))
        return -EFAULT;
    *(uint64_t *)address = code == ARCH_GET_FS ? thread_pointer : 0;
    return 0;
}

static char thread_name[16] = "program";

long call_prctl(long option, uintptr_t argument) {
    if (option == PR_SET_NAME) {
        long length = memory_string(argument, sizeof thread_name - 1);
        if (length == -EFAULT)
            return length;
        memset(thread_name, 0, sizeof thread_name);
        memcpy(thread_name, (const void *)argument,
               length < 0 ? sizeof thread_name - 1 : (size_t)length);
        return 0;
    }
    if (option != PR_GET_NAME)
        return -EINVAL;
    if (!memory_writable(argument, sizeof thread_name))
        return -EFAULT;
    memcpy((void *)argument, thread_name, sizeof thread_name);
    return 0;
}

long call_clone(uint64_t flags) {
    console_say(flags & CLONE_THREAD
                    ? "clone: the program starts a thread, and an adopted program has only one"
                    : "fork: the program starts a process, and an adopted program is the only one");
    return -ENOSYS;
}

long call_ids(uintptr_t first, uintptr_t second, uintptr_t third) {
    if (!memory_writable(first, 4) || !memory_writable(second, 4) || !memory_writable(third, 4))
        return -EFAULT;
    *(uint32_t *)first = *(uint32_t *)second = *(uint32_t *)third = 0;
    return 0;
}

long call_getgroups(void) {
    return 0;
}
