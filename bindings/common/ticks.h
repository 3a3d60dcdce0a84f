/*
 * ticks.h: the CPU's counter as nanoseconds.
 */
#ifndef TICKS_H
#define TICKS_H

#include "cpu.h"

/* Nanoseconds are ticks * multiplier / 2^TICKS_SHIFT; any frequency above 0.98 MHz fits. */
#define TICKS_SHIFT 54

struct ticks {
    uint64_t start;
    uint64_t multiplier;
};

/* Begins to count; `frequency` is the counter's, in Hz. */
static inline struct ticks ticks_start(uint64_t frequency) {
    const uint64_t second = 1000000000; /* In nanoseconds. */
    return (struct ticks){
        .start = cpu_ticks(),
        .multiplier = cpu_divide(second >> (64 - TICKS_SHIFT), second << TICKS_SHIFT, frequency),
    };
}

/* How long ago counting began, in nanoseconds. */
static inline uint64_t ticks_passed(const struct ticks *ticks) {
    return (unsigned __int128)(cpu_ticks() - ticks->start) * ticks->multiplier >> TICKS_SHIFT;
}

#endif
