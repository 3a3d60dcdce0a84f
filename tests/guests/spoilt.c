/*
 * spoilt.c: a pointer is overwritten long before it is used, which ends the guest.
 */
#include "guest.h"

static volatile uint64_t counter;
static volatile uint8_t slots[8];
static const char *volatile message = "unspoilt\n";

/* It writes past the end of the slots. */
__attribute__((noinline)) static void fill(unsigned count) {
    for (unsigned i = 0; i < count; i++)
        ((volatile uint8_t *)slots)[i] = (uint8_t)(0x50 + i);
}

__attribute__((noinline)) static void work(unsigned rounds) {
    for (unsigned i = 0; i < rounds; i++)
        counter++;
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    work(3);
    print("working\n");
    fill(sizeof slots);
    work(2 + (unsigned)(solo5_clock_wall() & 1));
    fill(4);
    *(volatile uint8_t *)((uintptr_t)&message + 7) = 0x50;
    work(2);
    print("done\n");
    return message[0] == 'u' ? succeed() : fail("message");
}
