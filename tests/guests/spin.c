/*
 * spin.c: never ends: computes, waits (w), reads the CPU's counter (t), or prints lines (p) or
 * blocks (b), each of which fills a pipe.
 */
#include "guest.h"

#define BLOCK_SIZE 65536

static char block[BLOCK_SIZE];

int solo5_app_main(const struct solo5_start_info *info) {
    print("begin\n");
    for (volatile uint64_t count = 0;; count++) {
        if (info->cmdline[0] == 'w')
            solo5_yield(UINT64_MAX, NULL);
#if defined(__x86_64__)
        if (info->cmdline[0] == 't')
            (void)__builtin_ia32_rdtsc();
#endif
        if (info->cmdline[0] == 'p')
            print("All work and no play makes Jack a dull boy.\n");
        if (info->cmdline[0] == 'b')
            solo5_console_write(block, BLOCK_SIZE);
    }
}
