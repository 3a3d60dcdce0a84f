/*
 * hostile_call.c: for spt, makes the system call on its command line without the bindings: how (s:
 * syscall, i: int 0x80), the number, then up to six arguments. Says what the call returned, if it
 * returned.
 */
#include "hostile.h"

int solo5_app_main(const struct solo5_start_info *info) {
    const char *words = info->cmdline;
    const char how = *words++;
    uint64_t value[7];
    for (int i = 0; i < 7; i++)
        value[i] = number(&words);
    uint64_t result = value[0];
    print("calling\n");
    if (how == 'i') {
        __asm__ volatile("int $0x80"
                         : "+a"(result)
                         : "b"(value[1]), "c"(value[2]), "d"(value[3]), "S"(value[4]), "D"(value[5])
                         : "memory", "r8", "r9", "r10", "r11");
    } else {
        register uint64_t r10 __asm__("r10") = value[4];
        register uint64_t r8 __asm__("r8") = value[5];
        register uint64_t r9 __asm__("r9") = value[6];
        __asm__ volatile("syscall"
                         : "+a"(result)
                         : "D"(value[1]), "S"(value[2]), "d"(value[3]), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
    }
    print(result == 0                ? "returned 0\n"
          : result > -(uint64_t)4096 ? "returned an error\n"
                                     : "returned more\n");
    return SOLO5_EXIT_SUCCESS;
}
