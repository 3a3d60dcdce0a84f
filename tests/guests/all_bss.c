/*
 * all_bss.c: its data are all zero, so that their segment has no content. The heap begins behind them
 * all the same.
 */
#include "guest.h"

static volatile char zeros[0x5000];

int solo5_app_main(const struct solo5_start_info *info) {
    if (info->heap_start < (uintptr_t)zeros + sizeof zeros)
        return fail("the heap begins in the image");
    for (size_t i = 0; i < sizeof zeros; i++) {
        if (zeros[i] != 0)
            return fail("not zero");
    }
    return succeed();
}
