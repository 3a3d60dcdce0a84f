/*
 * net_again.c: reads when no frame has arrived, which must not wait for one.
 */
#include "guest.h"

static uint8_t frame[1514];

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t handle;
    struct solo5_net_info net;
    size_t size;
    if (solo5_net_acquire("service", &handle, &net) != SOLO5_R_OK)
        return fail("acquire");
    if (solo5_net_read(handle, frame, sizeof frame, &size) != SOLO5_R_AGAIN)
        return fail("read");
    return succeed();
}
