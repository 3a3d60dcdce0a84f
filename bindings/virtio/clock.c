/*
 * clock.c: time, from KVM if it offers a clock, else from the CPU's counter and the clock chip.
 */
#include "virtio.h"
#include "../common/ticks.h"

#define SECOND UINT64_C(1000000000) /* In nanoseconds. */

static bool paravirtual;
static struct ticks since_start;
static solo5_time_t lead; /* 0, unless a snapshot goes on. Modulo 2^64. */

void clock_init(void) {
    paravirtual = pvclock_init();
    if (!paravirtual)
        since_start = ticks_start(tsc_frequency());
}

void clock_resume(solo5_time_t now) {
    lead = now - solo5_clock_monotonic();
}

solo5_time_t solo5_clock_monotonic(void) {
    return (paravirtual ? pvclock_monotonic() : ticks_passed(&since_start)) + lead;
}

/*
 * The clock chip knows whole seconds. In between, the counter goes on from what was told last;
 * where the two disagree, after a change of the clock or a sleep of the host, the chip is right.
 */
static solo5_time_t chip_wall(void) {
    static solo5_time_t start; /* Wall time at monotonic time 0. */
    solo5_time_t second = rtc_seconds() * SECOND;
    solo5_time_t now = ticks_passed(&since_start);
    if (start + now < second)
        start = second - now;
    else if (start + now >= second + SECOND)
        start = second + SECOND - 1 - now;
    return start + now;
}

solo5_time_t solo5_clock_wall(void) {
    return paravirtual ? pvclock_wall() : chip_wall();
}
