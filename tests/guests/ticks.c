/*
 * ticks.c: counts from 1 to 20, a hundredth of a second each, with what it has in memory. `compute` in the
 * command line has it compute meanwhile, and not wait.
 */
#include "guest.h"

#define TICK_NS 10000000

static volatile uint64_t counted;

int solo5_app_main(const struct solo5_start_info *info) {
    bool compute = info->cmdline[0] == 'c';
    while (counted < 20) {
        solo5_time_t end = solo5_clock_monotonic() + TICK_NS;
        if (!compute)
            solo5_yield(end, NULL);
        while (solo5_clock_monotonic() < end)
            ;
        counted++;
        char line[] = "00\n";
        line[0] += (char)(counted / 10);
        line[1] += (char)(counted % 10);
        print(line);
    }
    return succeed();
}
