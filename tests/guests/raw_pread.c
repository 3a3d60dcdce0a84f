/*
 * raw_pread.c: for spt, reads a block at the offset on its command line by a system call of its
 * own, without the checks of the bindings.
 */
#include "guest.h"

static uint8_t buffer[512];

int solo5_app_main(const struct solo5_start_info *info) {
    uint64_t offset = 0;
    for (const char *digit = info->cmdline; *digit >= '0' && *digit <= '9'; digit++)
        offset = offset * 10 + (uint64_t)(*digit - '0');
    long result;
    /* pread64 on the first device's descriptor, which spt gives the lowest free number. */
    register uint64_t at __asm__("r10") = offset;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(17L), "D"(5L), "S"(buffer), "d"(sizeof buffer), "r"(at)
                     : "rcx", "r11", "memory");
    return result == (long)sizeof buffer ? succeed() : fail("read");
}
