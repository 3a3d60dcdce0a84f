/*
 * tsc.c: how fast the CPU's counter runs, measured against the timer, whose frequency is known.
 */
#include "virtio.h"
#include "pit.h"
#include "../common/cpu.h"

#define MEASURED 59659u /* In ticks of the timer: 50 ms. */
#define TRIES    10

/* A look at the timer takes microseconds, unless a host that does other things comes between. */
#define EXACT 1000u

struct measured {
    uint64_t ticks;
    uint64_t timer;
    uint64_t longest; /* Between two looks, in ticks of the CPU. */
};

static struct measured measure(void) {
    struct measured measured = {0};
    uint16_t timer = pit_read();
    uint64_t ticks = cpu_ticks();
    while (measured.timer < MEASURED) {
        uint16_t timer_now = pit_read();
        uint64_t ticks_now = cpu_ticks();
        uint64_t passed = ticks_now - ticks;
        measured.timer += (uint16_t)(timer - timer_now);
        measured.ticks += passed;
        if (passed > measured.longest)
            measured.longest = passed;
        timer = timer_now;
        ticks = ticks_now;
    }
    return measured;
}

uint64_t tsc_frequency(void) {
    struct measured best = {.longest = UINT64_MAX};
    pit_start(PIT_PERIODIC, 0);
    for (int i = 0; i < TRIES; i++) {
        struct measured measured = measure();
        if (measured.longest < best.longest)
            best = measured;
        if (best.longest < best.ticks / EXACT)
            break;
    }
    return best.ticks * PIT_FREQUENCY / best.timer;
}
