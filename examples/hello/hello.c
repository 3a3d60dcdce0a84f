/*
 * hello.c: the smallest unikernel that does something. It is a whole machine's or process's
 * program: there is no libc, and solo5.h is all there is of an operating system.
 */
#include "solo5.h"

static void print(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    solo5_console_write(text, length);
}

int solo5_app_main(const struct solo5_start_info *info) {
    print("Hello from soloden on Solo5!\n");
    print("Command line: '");
    print(info->cmdline);
    print("'\n");
    return SOLO5_EXIT_SUCCESS;
}
