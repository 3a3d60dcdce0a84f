/*
 * fpu.c: floating point, in scalar SSE and on the x87 stack.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    volatile double a = 1.5, b = 2.0;
    volatile long double c = 0.25L;
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += a * b + i;
    if (sum != 18.0 || a / b != 0.75)
        return fail("double");
    if (c * 8 != 2.0L)
        return fail("long double");
    return succeed();
}
