/*
 * bad_port.c: for hvt, writes to a port that is not a hypercall's.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    print("calling\n");
    __asm__ volatile("outl %0, %1" : : "a"(0), "Nd"((uint16_t)0x5ff));
    return fail("the call came back");
}
