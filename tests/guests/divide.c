/*
 * divide.c: divides by zero, which the CPU traps on x86_64.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    volatile int dividend = 7, zero = 0;
    print("dividing\n");
    volatile int quotient = dividend / zero;
    (void)quotient;
    return fail("seven can be divided by zero");
}
