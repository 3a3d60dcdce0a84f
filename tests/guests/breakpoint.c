/*
 * breakpoint.c: executes a breakpoint, or on x86_64 sets the trap flag (t): a guest that nobody debugs
 * ends of that.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    print("trapping\n");
    if (info->cmdline[0] == 't')
        __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop" ::: "memory", "cc");
    else
        __asm__ volatile("int3" ::: "memory");
    return fail("nothing came of it");
}
