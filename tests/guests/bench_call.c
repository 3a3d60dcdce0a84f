/*
 * bench_call.c: makes as many calls of the bindings as its command line says, of one that does next to
 * nothing, and prints how many nanoseconds they took.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    uint64_t count = 0;
    for (const char *digit = info->cmdline; *digit >= '0' && *digit <= '9'; digit++)
        count = count * 10 + (uint64_t)(*digit - '0');
    if (count == 0)
        return succeed();
    /* Each call needs the result of the one before it. */
    uintptr_t value = 0;
    solo5_time_t start = solo5_clock_monotonic();
    for (; count > 0; count--)
        value = solo5_tls_tp_offset(value);
    solo5_time_t passed = solo5_clock_monotonic() - start;
    char digits[22];
    size_t at = sizeof digits - 1;
    digits[at] = '\n';
    for (; passed > 0; passed /= 10)
        digits[--at] = (char)('0' + passed % 10);
    solo5_console_write(digits + at, sizeof digits - at);
    return value != 0;
}
