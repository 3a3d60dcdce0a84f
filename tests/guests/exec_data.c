/*
 * exec_data.c: calls into data, which no target lets it execute.
 */
#include "guest.h"

static volatile uint8_t code[] = {0xc3}; /* ret */

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    void (*volatile call)(void) = (void (*)(void))(uintptr_t)code;
    print("calling\n");
    call();
    return fail("data can be executed");
}
