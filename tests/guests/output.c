/*
 * output.c: console output of no bytes at all, and of a whole page in one call.
 */
#include "guest.h"

static char page[4096];

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    char *end = page;
    size_t size = sizeof page - 1;
#if defined(__x86_64__)
    __asm__ volatile("rep stosb" : "+D"(end), "+c"(size) : "a"('x') : "memory");
#else
    while (size-- > 0)
        *(volatile char *)end++ = 'x';
#endif
    *end = '\n';
    solo5_console_write(page, 0);
    solo5_console_write(page, sizeof page);
    return succeed();
}
