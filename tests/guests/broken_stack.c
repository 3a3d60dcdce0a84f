/*
 * broken_stack.c: for hvt, breaks its stack pointer and then uses it. What reports the trap cannot
 * do so on that stack.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    print("breaking\n");
#if defined(__x86_64__)
    __asm__ volatile("movl $0x8000, %%esp; pushq $0" : : : "memory");
#elif defined(__aarch64__)
    __asm__ volatile("mov x0, 0x8000; mov sp, x0; str x0, [sp, -16]!" : : : "x0", "memory");
#endif
    return fail("it is still there");
}
