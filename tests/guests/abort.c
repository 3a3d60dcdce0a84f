/*
 * abort.c: aborts.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_abort();
}
