/*
 * net.c: sends back every frame that arrives, with its two addresses exchanged, until a frame whose
 * only payload byte is 'q' ends it.
 */
#include "guest.h"

#define QUIT_LENGTH (SOLO5_NET_HLEN + 1)

static uint8_t frame[16384];

static void exchange_addresses(void) {
    for (int i = 0; i < SOLO5_NET_ALEN; i++) {
        uint8_t byte = frame[i];
        frame[i] = frame[SOLO5_NET_ALEN + i];
        frame[SOLO5_NET_ALEN + i] = byte;
    }
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t handle, again;
    struct solo5_net_info net;
    size_t size;
    if (solo5_net_acquire("service", &handle, &net) != SOLO5_R_OK)
        return fail("acquire");
    if (solo5_net_acquire("service", &again, &net) != SOLO5_R_EINVAL)
        return fail("acquired twice");
    if (solo5_net_read(handle + 1, frame, sizeof frame, &size) != SOLO5_R_EINVAL ||
        solo5_net_write(handle + 1, frame, sizeof frame) != SOLO5_R_EINVAL)
        return fail("not a device");
    print("ready\n");
    for (;;) {
        size = SIZE_MAX;
        solo5_result_t result = solo5_net_read(handle, frame, sizeof frame, &size);
        if (result == SOLO5_R_AGAIN) {
            if (size != SIZE_MAX)
                return fail("the size of no frame");
            solo5_handle_set_t ready = 0;
            solo5_yield(UINT64_MAX, &ready);
            if (ready != UINT64_C(1) << handle)
                return fail("woken for nothing");
            continue;
        }
        if (result != SOLO5_R_OK)
            return fail("read");
        if (size == QUIT_LENGTH && frame[SOLO5_NET_HLEN] == 'q')
            return succeed();
        exchange_addresses();
        if (solo5_net_write(handle, frame, size) != SOLO5_R_OK)
            return fail("write");
    }
}
