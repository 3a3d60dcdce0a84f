/*
 * triple_fault.c: for hvt, traps with no table to find a handler in.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    static const uint8_t empty[10];
    print("trapping\n");
    __asm__ volatile("lidt %0; ud2" : : "m"(empty));
    return fail("the trap came back");
}
