/*
 * ssp.c: writes past the end of a buffer on the stack, over the guard.
 */
#include "guest.h"

__attribute__((noinline)) static void smash(volatile size_t count) {
    char buffer[16];
    volatile char *target = buffer;
    for (size_t i = 0; i < count; i++)
        target[i] = 'x';
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    print("smashing\n");
    smash(64);
    return fail("nobody noticed");
}
