/*
 * NAME.c: a unikernel. solo5.h stands in for the operating system, and string.h for the C library.
 */
#include <string.h>

#include "solo5.h"

static void print(const char *text) {
    solo5_console_write(text, strlen(text));
}

int solo5_app_main(const struct solo5_start_info *info) {
    print("Hello from NAME!\n");
    if (info->cmdline[0] != '\0') {
        print("Arguments: ");
        print(info->cmdline);
        print("\n");
    }
    return SOLO5_EXIT_SUCCESS;
}
