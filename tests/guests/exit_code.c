/*
 * exit_code.c: calls solo5_exit() with the number on its command line.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    int status = 0;
    for (const char *digit = info->cmdline; *digit >= '0' && *digit <= '9'; digit++)
        status = status * 10 + (*digit - '0');
    solo5_exit(status);
}
