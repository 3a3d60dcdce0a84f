/*
 * fpu.c: floating point, in vector registers and, on x86_64, on the x87 stack.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    volatile double a = 1.5, b = 2.0;
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += a * b + i;
    if (sum != 18.0 || a / b != 0.75)
        return fail("double");
#if defined(__x86_64__)
    volatile long double c = 0.25L;
    if (c * 8 != 2.0L)
        return fail("long double");
#endif
    return succeed();
}
