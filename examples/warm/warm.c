/*
 * warm.c: says whether a number is prime, by a table that it computes before it is ready. A snapshot
 * of it has the table already.
 */
#include "soloden.h"
#include <string.h>

#define LIMIT 20000

static unsigned char composite[LIMIT];

static void print(const char *text) {
    solo5_console_write(text, strlen(text));
}

int solo5_app_main(const struct solo5_start_info *given) {
    struct solo5_start_info info = *given;
    print("Computing ...\n");
    for (unsigned n = 2; n < LIMIT; n++)
        for (unsigned m = 2 * n; m < LIMIT && !composite[n]; m += n)
            composite[m] = 1;
    soloden_ready(&info);

    unsigned n = 0;
    for (const char *digit = info.cmdline; *digit >= '0' && *digit <= '9'; digit++)
        n = (n * 10 + (unsigned)(*digit - '0')) % LIMIT;
    print(info.cmdline);
    print(n > 1 && !composite[n] ? " is prime\n" : " is not prime\n");
    return 0;
}
