/*
 * end.c: the end of the program.
 */
#include "end.h"

/* 255 would read as an abort of the unikernel. */
_Noreturn void process_end(int status) {
    solo5_exit(status & 0xff);
}
