/*
 * bench_back.c: computes without an input, as long as `ROUNDS` on the command line says, and crashes.
 * It writes to a variable in the middle of that, and to another shortly before the end.
 */
#include "guest.h"

static volatile uint64_t middle;
static volatile uint64_t late;

int solo5_app_main(const struct solo5_start_info *info) {
    unsigned long rounds = 0;
    for (const char *digit = info->cmdline; *digit != '\0'; digit++)
        rounds = 10 * rounds + (unsigned long)(*digit - '0');
    for (unsigned long i = 0; i < rounds; i++) {
        __asm__ volatile("" : : : "memory");
        if (i == rounds / 2)
            middle = 1;
        if (i == rounds - 100)
            late = 1;
    }
    return *(volatile char *)0x5000000000000000;
}
