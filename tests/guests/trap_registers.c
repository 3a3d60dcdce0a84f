/*
 * trap_registers.c: for x86_64, traps with another number in each register that a core file has to
 * show unchanged: 0x10 and up, in the order below.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
#if defined(__x86_64__)
    __asm__ volatile("movl $0x10, %ebx\n\t"
                     "movl $0x11, %ecx\n\t"
                     "movl $0x12, %esi\n\t"
                     "movl $0x13, %edi\n\t"
                     "movl $0x14, %ebp\n\t"
                     "movl $0x15, %r8d\n\t"
                     "movl $0x16, %r9d\n\t"
                     "movl $0x17, %r10d\n\t"
                     "movl $0x18, %r11d\n\t"
                     "movl $0x19, %r12d\n\t"
                     "movl $0x1a, %r13d\n\t"
                     "movl $0x1b, %r14d\n\t"
                     "movl $0x1c, %r15d\n\t"
                     "ud2");
#endif
    return fail("no trap");
}
