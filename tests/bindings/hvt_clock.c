/*
 * hvt_clock.c: hvt's clock and its yield, with a counter that stands still unless a poll moves it
 * on.
 */
#define cpu_ticks ticks_of_this_host
#include "common/cpu.h"
#undef cpu_ticks
#include "check.h"
#include "hvt_abi.h"

#define FREQUENCY UINT64_C(2000000000)
#define TICKS(ns) ((ns)*2)
#define POLLS_MAX 16

static uint64_t ticks = UINT64_C(1) << 60;

static uint64_t cpu_ticks(void) {
    return ticks;
}

/* What the tender does in a poll: sleeps this much less than it is asked to, and finds these ready.
 */
static uint64_t too_early;
static uint64_t ready_at_last;
static uint64_t asked[POLLS_MAX];
static unsigned polls;

/* In place of the target's. */
#define HYPERCALL_H
static void hypercall(enum hvt_hypercall number, void *argument) {
    struct hvt_hc_poll *block = argument;
    if (number != HVT_HYPERCALL_POLL || polls == POLLS_MAX)
        return;
    asked[polls++] = block->timeout_nsecs;
    if (block->timeout_nsecs > too_early)
        ticks += TICKS(block->timeout_nsecs - too_early);
    else
        ticks += TICKS(block->timeout_nsecs);
    block->ready_set = ready_at_last;
}

/* Frames that were received ahead. */
static uint64_t received_ahead;

#include "hvt/clock.c"

solo5_handle_set_t net_ring_ready(void) {
    return received_ahead;
}

int main(void) {
    clock_init(FREQUENCY);
    CHECK(solo5_clock_monotonic() == 0);
    ticks += TICKS(UINT64_C(86400) * 365 * 1000000000);
    solo5_time_t now = solo5_clock_monotonic();
    CHECK(now >= UINT64_C(86400) * 365 * 1000000000 - 1);

    /* A deadline that has passed is asked about once, without waiting. */
    solo5_handle_set_t ready = 7;
    solo5_yield(now, &ready);
    CHECK(polls == 1 && asked[0] == 0 && ready == 0);
    solo5_yield(0, NULL);
    CHECK(polls == 2 && asked[1] == 0);

    /* A tender that wakes too early is asked again, for what is left. */
    too_early = 1000;
    now = solo5_clock_monotonic();
    solo5_yield(now + 50000, &ready);
    CHECK(solo5_clock_monotonic() >= now + 50000 && ready == 0);
    CHECK(polls >= 4 && asked[2] == 50000 && asked[3] > 0 && asked[3] <= 1001);

    /* What is ready ends the wait. */
    polls = 0;
    ready_at_last = UINT64_C(1) << 63;
    solo5_yield(UINT64_MAX, &ready);
    CHECK(polls == 1 && ready == ready_at_last && asked[0] > UINT64_MAX / 2);

    /* Frames that were received ahead end it, too, and what else is ready is asked for. */
    polls = 0;
    received_ahead = 2;
    solo5_yield(UINT64_MAX, &ready);
    CHECK(polls == 1 && asked[0] == 0 && ready == (ready_at_last | 2));
    ready_at_last = 0;
    solo5_yield(UINT64_MAX, &ready);
    CHECK(polls == 2 && asked[1] == 0 && ready == 2);
    return 0;
}
