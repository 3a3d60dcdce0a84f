/*
 * debug.c: for tests of debuggers: nested calls, variables to watch, one of them thread-local, and
 * with the argument "spin" a loop that never ends.
 */
#include "guest.h"

static volatile int counter;
static volatile int stop;
static _Thread_local int local = 40;
static uint8_t block[64] __attribute__((aligned(64)));

__attribute__((noinline)) static int twice(int value) {
    counter += value;
    return 2 * value;
}

__attribute__((noinline)) static int work(int value) {
    int result = twice(value) + 1;
    local += result;
    return result;
}

int solo5_app_main(const struct solo5_start_info *info) {
    if (solo5_tls_size() > sizeof block || solo5_tls_init((uintptr_t)block) != SOLO5_R_OK)
        return fail("thread-local block");
    solo5_set_tls_base(solo5_tls_tp_offset((uintptr_t)block));
    print("working\n");
    int result = work(7);
    while (info->cmdline[0] == 's' && !stop)
        counter++;
    return result == 15 && *(volatile int *)&local == 55 ? succeed() : fail("result");
}
