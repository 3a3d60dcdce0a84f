/*
 * bad_address.c: for hvt, prints from an address far outside of guest memory.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    print("calling\n");
    solo5_console_write((const char *)UINT64_C(0x7fff00000000), 16);
    return fail("the call came back");
}
