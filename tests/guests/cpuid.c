/*
 * cpuid.c: prints what the CPU says of itself. Each pair of numbers on the command line is a leaf
 * and a sub-leaf of the instruction CPUID, and gets a line: eax, ebx, ecx, edx.
 */
#include "hostile.h"

static char *write_hex(char *to, uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4)
        *to++ = "0123456789abcdef"[value >> shift & 15];
    return to;
}

int solo5_app_main(const struct solo5_start_info *info) {
    const char *words = info->cmdline;
    while (*words != '\0') {
        uint32_t registers[4] = {(uint32_t)number(&words), 0, (uint32_t)number(&words), 0};
        __asm__ volatile("cpuid"
                         : "+a"(registers[0]), "=b"(registers[1]), "+c"(registers[2]),
                           "=d"(registers[3]));
        char line[4 * 9];
        char *end = line;
        for (int i = 0; i < 4; i++) {
            end = write_hex(end, registers[i]);
            *end++ = i < 3 ? ' ' : '\n';
        }
        solo5_console_write(line, sizeof line);
    }
    return SOLO5_EXIT_SUCCESS;
}
