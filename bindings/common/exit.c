/*
 * exit.c: exit, abort, and the console.
 */
#include "bindings.h"
#include "text.h"

void solo5_console_write(const char *buf, size_t size) {
    platform_puts(buf, size);
}

void solo5_exit(int status) {
    if (log_enabled(LOG_INFO)) {
        char buffer[64];
        struct text text = {buffer, sizeof buffer, 0};
        text_string(&text, "Solo5: solo5_exit(");
        text_decimal(&text, status);
        text_string(&text, ") called\n");
        text_print(&text);
    }
    platform_exit(status);
}

void solo5_abort(void) {
    static const char line[] = "Solo5: solo5_abort() called\n";
    if (log_enabled(LOG_INFO))
        platform_puts(line, sizeof line - 1);
    platform_exit(SOLO5_EXIT_ABORT);
}
