/*
 * guard.c: prints the value that guards the stack, in hexadecimal.
 */
#include "guest.h"

extern uintptr_t __stack_chk_guard;

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    char line[2 * sizeof __stack_chk_guard + 1];
    uintptr_t rest = __stack_chk_guard;
    for (int i = sizeof line - 2; i >= 0; i--, rest >>= 4)
        line[i] = "0123456789abcdef"[rest & 15];
    line[sizeof line - 1] = '\n';
    solo5_console_write(line, sizeof line);
    return succeed();
}
