/*
 * write_rodata.c: writes to a constant.
 */
#include "guest.h"

static const int constant = 42;

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    volatile int *volatile target = (volatile int *)&constant;
    print("writing\n");
    *target = 43;
    return fail("a constant can be written");
}
