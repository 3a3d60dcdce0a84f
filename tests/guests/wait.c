/*
 * wait.c: says so, and waits for longer than any test.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    print("waiting\n");
    solo5_yield(UINT64_MAX, NULL);
    return fail("the wait is over");
}
