/*
 * spin.c: never ends: computes, waits (w), or prints (p) for ever.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    print("begin\n");
    for (volatile uint64_t count = 0;; count++) {
        if (info->cmdline[0] == 'w')
            solo5_yield(UINT64_MAX, NULL);
        if (info->cmdline[0] == 'p')
            print("All work and no play makes Jack a dull boy.\n");
    }
}
