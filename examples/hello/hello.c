/*
 * hello.c: a unikernel that prints its command line. It is all that a process or a virtual machine
 * runs: there is no operating system but what solo5.h declares, and it uses no C library.
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
