/*
 * quiet.c: prints one word, which is all its output if it is run with --solo5:quiet.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    return info->cmdline[0] == '\0' ? succeed() : fail("the option is still there");
}
