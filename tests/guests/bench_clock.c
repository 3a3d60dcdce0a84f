/*
 * bench_clock.c: asks for the wall clock as often as its command line says.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    uint64_t count = 0;
    for (const char *digit = info->cmdline; *digit >= '0' && *digit <= '9'; digit++)
        count = count * 10 + (uint64_t)(*digit - '0');
    solo5_time_t latest = 0;
    for (; count > 0; count--) {
        solo5_time_t now = solo5_clock_wall();
        latest = now > latest ? now : latest;
    }
    return latest == 1;
}
