/*
 * platform.c: the console and the exit, by system call.
 */
#include "../common/bindings.h"
#include "linux.h"

/* While the console is full, this tries again: no allowed call can wait for it. */
void platform_puts(const char *data, size_t size) {
    do {
        long written = linux_call4(LINUX_WRITE, LINUX_STDOUT, (long)data, (long)size, 0);
        if (written == -LINUX_EINTR || written == -LINUX_EAGAIN)
            continue;
        if (written < 0)
            return;
        data += written;
        size -= (size_t)written;
    } while (size > 0);
}

void platform_exit(int status) {
    for (;;)
        linux_call4(LINUX_EXIT_GROUP, status, 0, 0, 0);
}

solo5_result_t platform_set_thread_pointer(uintptr_t base) {
    return linux_set_thread_pointer(base) == 0 ? SOLO5_R_OK : SOLO5_R_EINVAL;
}
