/*
 * console.c: what is written, and what the personality says itself.
 */
#include "console.h"

/* An empty write would cost a call of the host's, and can mean something to it. */
void console_write(const void *bytes, size_t size) {
    if (size > 0)
        solo5_console_write(bytes, size);
}

void console_say(const char *line) {
    console_write("soloden: ", 9);
    console_write(line, strlen(line));
    console_write("\n", 1);
}
