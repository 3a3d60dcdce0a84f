/*
 * wait_long.c: waits for an hour.
 */
#include "guest.h"

#define HOUR UINT64_C(3600000000000)

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_yield(solo5_clock_monotonic() + HOUR, NULL);
    return fail("the wait is over");
}
