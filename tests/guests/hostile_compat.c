/*
 * hostile_compat.c: for spt, goes to the 32-bit code segment that Linux keeps for compatibility,
 * and makes a system call from there: by int 0x80, or by syscall where the command line says so.
 */
#include "guest.h"

__asm__(".text\n"
        ".code32\n"
        "compat_interrupt:\n"
        "    movl $20, %eax\n" /* getpid */
        "    int $0x80\n"
        "    ud2\n"
        "compat_syscall:\n"
        "    movl $20, %eax\n"
        "    syscall\n"
        "    ud2\n"
        ".code64\n");

extern const char compat_interrupt[], compat_syscall[];

int solo5_app_main(const struct solo5_start_info *info) {
    const char *target = info->cmdline[0] == 's' ? compat_syscall : compat_interrupt;
    print("calling\n");
    __asm__ volatile("pushq $0x23\n" /* __USER32_CS */
                     "pushq %0\n"
                     "lretq\n"
                     :
                     : "r"(target)
                     : "memory");
    return fail("the call came back");
}
