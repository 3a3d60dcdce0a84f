/*
 * forbidden_syscall.c: for spt, makes a system call that no unikernel may make (getpid).
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    print("calling\n");
#if defined(__x86_64__)
    long number = 39;
    __asm__ volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x8") = 172;
    __asm__ volatile("svc #0" : : "r"(number) : "x0", "memory");
#endif
    return fail("the call came back");
}
