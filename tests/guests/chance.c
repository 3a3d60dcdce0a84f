/*
 * chance.c: what a guest learns from its CPU and from its clocks, printed as numbers: the time stamp
 * counter, and random numbers in registers of every size.
 */
#include "guest.h"

static void print_number(uint64_t number) {
    char digits[17];
    for (int i = 15; i >= 0; i--, number >>= 4)
        digits[i] = "0123456789abcdef"[number & 15];
    digits[16] = '\n';
    solo5_console_write(digits, sizeof digits);
}

#if defined(__x86_64__)
static void print_random(void) {
    uint64_t wide = 0, high = 0, seed = 0;
    uint32_t word = 0;
    uint16_t half = 0;
    uint8_t carry;
    __asm__ volatile("rdrand %0; setc %1" : "=r"(wide), "=q"(carry) : : "cc");
    print_number(wide);
    print_number(carry);
    register uint64_t upper __asm__("r13") = UINT64_MAX;
    __asm__ volatile("rdrand %0" : "=r"(upper) : : "cc");
    high = upper;
    print_number(high);
    __asm__ volatile("rdrand %0" : "=r"(word) : : "cc");
    print_number(word);
    register uint64_t mixed __asm__("rbx") = UINT64_C(0x1122334455667788);
    __asm__ volatile("rdrand %w0" : "+r"(mixed) : : "cc");
    half = (uint16_t)mixed;
    print_number(half);
    print_number(mixed >> 16);
    __asm__ volatile("rdseed %0" : "=r"(seed) : : "cc");
    print_number(seed);
}

static void print_ticks(void) {
    uint32_t low, high, processor;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    uint64_t before = (uint64_t)high << 32 | low;
    __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(processor));
    uint64_t after = (uint64_t)high << 32 | low;
    print_number(before);
    print_number(after);
    print_number(processor);
    print(after >= before ? "ascending\n" : "descending\n");
}
#endif

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
#if defined(__x86_64__)
    print_random();
    print_ticks();
#endif
    print_number(solo5_clock_wall());
    print_number(solo5_clock_monotonic());
    return succeed();
}
