/*
 * count.c: says that it is ready, and prints how many starts its memory has seen.
 */
#include "guest.h"
#include "soloden.h"

static volatile char starts = '0';

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    soloden_ready(&info);
    starts++;
    solo5_console_write((const char *)&starts, 1);
    return 0;
}
