/*
 * clock.c: time. Monotonic time is the CPU's counter scaled to nanoseconds. Wall time is asked of
 * the tender at each call, so that it is right even after the host's clock was set or the virtual
 * machine was suspended.
 */
#include "hvt.h"

#include "../common/bindings.h"
#include "../common/ticks.h"
#include "hypercall.h"
#include "net_ring.h"

static struct ticks since_start;
static solo5_time_t start_time; /* 0, or when a snapshot was taken. */

void clock_init(uint64_t frequency) {
    since_start = ticks_start(frequency);
}

void clock_resume(solo5_time_t now) {
    start_time = now;
}

solo5_time_t solo5_clock_monotonic(void) {
    return start_time + ticks_passed(&since_start);
}

solo5_time_t solo5_clock_wall(void) {
    struct hvt_hc_walltime block = {0};
    hypercall(HVT_HYPERCALL_WALLTIME, &block);
    return block.nsecs;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set) {
    struct hvt_hc_poll block = {0};
    solo5_handle_set_t ahead = net_ring_ready();
    solo5_time_t now = solo5_clock_monotonic();
    do {
        block.timeout_nsecs = now < deadline && ahead == 0 ? deadline - now : 0;
        hypercall(HVT_HYPERCALL_POLL, &block);
        /* The host's clock and ours need not agree to the last nanosecond. */
        block.ready_set |= ahead;
    } while (block.ready_set == 0 && (now = solo5_clock_monotonic()) < deadline);
    if (ready_set != NULL)
        *ready_set = block.ready_set;
}
