/*
 * cpu.c: what the bindings have for each architecture: copying memory in both directions and
 * filling it, in every size around that of the steps, and a division.
 */
#include "../../bindings/common/cpu.h"
#include "guest.h"

#define ROOM 80

static volatile uint8_t memory[ROOM], expected[ROOM];

static void prepare(void) {
    for (size_t i = 0; i < ROOM; i++)
        memory[i] = expected[i] = (uint8_t)(i * 7 + 1);
}

static bool same(void) {
    for (size_t i = 0; i < ROOM; i++) {
        if (memory[i] != expected[i])
            return false;
    }
    return true;
}

/* Both ranges lie in the same memory, and overlap unless they are small. */
static bool copies(size_t to, size_t from, size_t size) {
    prepare();
    uint8_t before[ROOM];
    for (size_t i = 0; i < ROOM; i++)
        before[i] = memory[i];
    for (size_t i = 0; i < size; i++)
        expected[to + i] = before[from + i];
    if (to <= from)
        cpu_copy_up((void *)&memory[to], (const void *)&memory[from], size);
    else
        cpu_copy_down((void *)&memory[to], (const void *)&memory[from], size);
    return same();
}

static bool fills(size_t at, int value, size_t size) {
    prepare();
    for (size_t i = 0; i < size; i++)
        expected[at + i] = (uint8_t)value;
    cpu_fill((void *)&memory[at], value, size);
    return same();
}

/* Whether a quotient is that of high * 2^64 + low by the divisor: not too large, not too small. */
static bool divides(uint64_t high, uint64_t low, uint64_t divisor) {
    unsigned __int128 dividend = (unsigned __int128)high << 64 | low;
    unsigned __int128 product = (unsigned __int128)cpu_divide(high, low, divisor) * divisor;
    return product <= dividend && dividend - product < divisor;
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    for (size_t size = 0; size <= 40; size++) {
        if (!copies(3, 4, size) || !copies(3, 22, size) || !copies(4, 3, size) ||
            !copies(22, 3, size))
            return fail("copy");
        if (!fills(5, 0x1a5, size) || !fills(16, 0, size))
            return fail("fill");
    }
    static const uint64_t divisors[] = {1000000, 19200000, 62500000, 1000000000, 4000000001};
    for (size_t i = 0; i < sizeof divisors / sizeof *divisors; i++) {
        if (!divides(0, UINT64_MAX, divisors[i]) || !divides(1, 0, divisors[i]) ||
            !divides(976562, UINT64_C(1) << 63, divisors[i]))
            return fail("divide");
    }
    uint64_t before = cpu_ticks();
    return cpu_ticks() >= before ? succeed() : fail("ticks");
}
