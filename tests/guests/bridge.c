/*
 * bridge.c: passes every frame that arrives on one of its two network devices on to the other,
 * until a frame whose only payload byte is 'q' ends it.
 */
#include "guest.h"

#define QUIT_LENGTH (SOLO5_NET_HLEN + 1)

static uint8_t frame[16384];

/* Passes on all frames that have arrived; false at the frame that ends the guest. */
static bool pass(solo5_handle_t from, solo5_handle_t to) {
    size_t size;
    while (solo5_net_read(from, frame, sizeof frame, &size) == SOLO5_R_OK) {
        if (size == QUIT_LENGTH && frame[SOLO5_NET_HLEN] == 'q')
            return false;
        solo5_net_write(to, frame, size);
    }
    return true;
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t left, right;
    struct solo5_net_info net;
    if (solo5_net_acquire("left", &left, &net) != SOLO5_R_OK ||
        solo5_net_acquire("right", &right, &net) != SOLO5_R_OK)
        return fail("acquire");
    print("ready\n");
    for (;;) {
        solo5_handle_set_t ready;
        solo5_yield(UINT64_MAX, &ready);
        if ((ready >> left & 1) != 0 && !pass(left, right))
            return succeed();
        if ((ready >> right & 1) != 0 && !pass(right, left))
            return succeed();
    }
}
