/*
 * time.c: both clocks, and a yield, which must not return before its deadline, nor wait if that has
 * passed.
 */
#include "guest.h"

#define MILLISECOND UINT64_C(1000000)
#define YEAR_2020   UINT64_C(1577836800000000000)

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_time_t wall = solo5_clock_wall();
    if (wall < YEAR_2020)
        return fail("wall clock");

    solo5_time_t start = solo5_clock_monotonic();
    for (int i = 1; i <= 3; i++) {
        solo5_time_t deadline = solo5_clock_monotonic() + 20 * MILLISECOND;
        solo5_handle_set_t ready = 1;
        solo5_yield(deadline, &ready);
        if (solo5_clock_monotonic() < deadline)
            return fail("yield came back early");
        if (ready != 0)
            return fail("something is ready");
    }
    solo5_time_t passed = solo5_clock_monotonic() - start;
    solo5_time_t wall_passed = solo5_clock_wall() - wall;
    if (passed < 60 * MILLISECOND || wall_passed + 5 * MILLISECOND < passed)
        return fail("the clocks disagree");

    solo5_time_t before = solo5_clock_monotonic();
    solo5_yield(0, NULL);
    solo5_yield(before, NULL);
    if (solo5_clock_monotonic() - before > 1000 * MILLISECOND)
        return fail("a yield to the past waits");
    return succeed();
}
