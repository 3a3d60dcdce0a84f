/*
 * hostile_dump.c: for spt, prints each page that it can read between the two addresses on its
 * command line.
 */
#include "hostile.h"

int solo5_app_main(const struct solo5_start_info *info) {
    const char *words = info->cmdline;
    const uint64_t start = number(&words);
    const uint64_t end = number(&words);
    /* Where nothing is mapped, the call fails, and the guest goes on. */
    for (uint64_t page = start; page < end; page += 4096) {
        uint64_t call = 1;
        __asm__ volatile("syscall"
                         : "+a"(call)
                         : "D"(1L), "S"(page), "d"(4096L)
                         : "rcx", "r11", "memory");
    }
    return SOLO5_EXIT_SUCCESS;
}
