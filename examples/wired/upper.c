/*
 * upper.c: a service on a network. It sends each frame back to whoever sent it, with the letters of its
 * payload made capital, until the network is gone.
 */
#include "solo5.h"

static uint8_t frame[SOLO5_NET_HLEN + 1500];

static void answer(solo5_handle_t network, size_t size) {
    for (int i = 0; i < SOLO5_NET_ALEN; i++) {
        uint8_t to = frame[i];
        frame[i] = frame[SOLO5_NET_ALEN + i];
        frame[SOLO5_NET_ALEN + i] = to;
    }
    for (size_t i = SOLO5_NET_HLEN; i < size; i++) {
        if (frame[i] >= 'a' && frame[i] <= 'z')
            frame[i] -= 'a' - 'A';
    }
    solo5_net_write(network, frame, size);
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t network;
    struct solo5_net_info facts;
    if (solo5_net_acquire("service", &network, &facts) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    for (;;) {
        size_t size;
        solo5_result_t result = solo5_net_read(network, frame, sizeof frame, &size);
        if (result == SOLO5_R_AGAIN)
            solo5_yield(UINT64_MAX, NULL);
        else if (result != SOLO5_R_OK || size == 0) /* 0: the other end of the wire is closed */
            return SOLO5_EXIT_SUCCESS;
        else if (size > SOLO5_NET_HLEN)
            answer(network, size);
    }
}
