/*
 * bench_net.c: sends as many frames of 1514 bytes as its command line says.
 */
#include "guest.h"

static uint8_t frame[1514] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};

int solo5_app_main(const struct solo5_start_info *info) {
    uint64_t count = 0;
    for (const char *digit = info->cmdline; *digit >= '0' && *digit <= '9'; digit++)
        count = count * 10 + (uint64_t)(*digit - '0');
    solo5_handle_t handle;
    struct solo5_net_info net;
    if (solo5_net_acquire("service", &handle, &net) != SOLO5_R_OK)
        return fail("acquire");
    for (; count > 0; count--)
        if (solo5_net_write(handle, frame, sizeof frame) != SOLO5_R_OK)
            return fail("write");
    return SOLO5_EXIT_SUCCESS;
}
