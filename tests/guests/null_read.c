/*
 * null_read.c: reads through a null pointer.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    int *volatile nowhere = NULL;
    print("reading\n");
    int value = *(volatile int *)nowhere;
    (void)value;
    return fail("address 0 can be read");
}
