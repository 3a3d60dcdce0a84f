/*
 * end.c: the end of the program.
 */
#include "end.h"

#include "console.h"

/* 255 would read as an abort of the unikernel. */
_Noreturn void process_end(int status) {
    solo5_exit(status & 0xff);
}

_Noreturn void process_end_waiting(const char *why) {
    console_write("soloden: the program would wait for ever: ", 42);
    console_write(why, strlen(why));
    console_write("\n", 1);
    process_end(128 + SIGKILL);
}
