/*
 * write_text.c: writes to its own code.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    volatile uint8_t *volatile code = (volatile uint8_t *)(uintptr_t)solo5_app_main;
    print("writing\n");
    *code = 0xc3;
    return fail("code can be written");
}
