/*
 * yield.c: waiting, asleep.
 */
#include "virtio.h"

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set) {
    solo5_handle_set_t ready;
    solo5_time_t now;
    while ((ready = net_ready()) == 0 && (now = solo5_clock_monotonic()) < deadline) {
        interrupts_sleep(deadline - now);
        net_acknowledge();
    }
    if (ready_set != NULL)
        *ready_set = ready;
}
