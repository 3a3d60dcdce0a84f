/*
 * ask.c: a client of upper.c. It sends its command line as a frame, and prints what comes back.
 */
#include "solo5.h"

/* For experiments within one network (IEEE 802). */
#define TYPE_LOCAL 0x88b5

static uint8_t frame[SOLO5_NET_HLEN + 1500];

static size_t make_question(const struct solo5_net_info *facts, const char *text) {
    for (int i = 0; i < SOLO5_NET_ALEN; i++) {
        frame[i] = 0xff; /* to everybody */
        frame[SOLO5_NET_ALEN + i] = facts->mac_address[i];
    }
    frame[SOLO5_NET_HLEN - 2] = TYPE_LOCAL >> 8;
    frame[SOLO5_NET_HLEN - 1] = TYPE_LOCAL & 0xff;
    size_t size = SOLO5_NET_HLEN;
    while (*text != '\0' && size < sizeof frame - 1)
        frame[size++] = (uint8_t)*text++;
    frame[size++] = '\n';
    return size;
}

int solo5_app_main(const struct solo5_start_info *info) {
    solo5_handle_t network;
    struct solo5_net_info facts;
    if (solo5_net_acquire("service", &network, &facts) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    size_t size = make_question(&facts, info->cmdline);
    if (solo5_net_write(network, frame, size) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    solo5_result_t result;
    while ((result = solo5_net_read(network, frame, sizeof frame, &size)) == SOLO5_R_AGAIN)
        solo5_yield(UINT64_MAX, NULL);
    if (result != SOLO5_R_OK || size <= SOLO5_NET_HLEN)
        return SOLO5_EXIT_FAILURE;
    solo5_console_write((const char *)frame + SOLO5_NET_HLEN, size - SOLO5_NET_HLEN);
    return SOLO5_EXIT_SUCCESS;
}
