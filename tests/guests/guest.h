/*
 * guest.h: what the guests of the tests share. Each guest is one file, and prints SUCCESS as its
 * last line if it succeeds.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>

#include "solo5.h"

static inline size_t length(const char *text) {
    size_t count = 0;
    while (text[count] != '\0')
        count++;
    return count;
}

static inline void print(const char *text) {
    solo5_console_write(text, length(text));
}

/* Both print the guest's result, and return what solo5_app_main() has to return. */
static inline int succeed(void) {
    print("SUCCESS\n");
    return SOLO5_EXIT_SUCCESS;
}

static inline int fail(const char *what) {
    print("FAILURE: ");
    print(what);
    print("\n");
    return SOLO5_EXIT_FAILURE;
}

#endif
