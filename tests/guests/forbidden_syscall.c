/*
 * forbidden_syscall.c: for spt, makes a system call that is in no unikernel's table (getpid).
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    long number = 39;
    print("calling\n");
    __asm__ volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
    return fail("the call came back");
}
