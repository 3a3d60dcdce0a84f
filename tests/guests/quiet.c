/*
 * quiet.c: prints one word, and nothing else is heard of it when it is run with --solo5:quiet.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    return info->cmdline[0] == '\0' ? succeed() : fail("the option is still there");
}
