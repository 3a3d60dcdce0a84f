/*
 * deaf.c: a tool that never takes a request.
 */
#include "guest.h"

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t handle;
    struct solo5_net_info net;
    if (solo5_net_acquire("call", &handle, &net) != SOLO5_R_OK)
        return fail("acquire");
    for (volatile int i = 0;; i++)
        ;
}
