/*
 * hostile_touch.c: touches the address on its command line, after a letter: r reads it, w writes
 * it, x executes it, p writes a return instruction there and executes that.
 */
#include "hostile.h"

int solo5_app_main(const struct solo5_start_info *info) {
    const char *words = info->cmdline;
    const char how = *words++;
    const uint64_t address = number(&words);
    volatile uint8_t *volatile byte = (volatile uint8_t *)(uintptr_t)address;
    void (*volatile call)(void) = (void (*)(void))(uintptr_t)address;
    print("touching\n");
    if (how == 'r')
        (void)*byte;
    if (how == 'w' || how == 'p')
        *byte = 0xc3; /* ret */
    if (how == 'p')
        print("written\n");
    if (how == 'x' || how == 'p')
        call();
    return fail("it can be touched");
}
