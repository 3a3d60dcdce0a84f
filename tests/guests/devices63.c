/*
 * devices63.c: has as many devices as a manifest holds, network and block by turns, and uses them
 * all: each block device gets its own handle as its first byte, each network device waits for a
 * frame in its turn and sends it back.
 */
#include "guest.h"

#define DEVICES 63

static uint8_t buffer[2048];

static int use_block(const char *name, unsigned number) {
    solo5_handle_t handle;
    struct solo5_block_info device;
    if (solo5_block_acquire(name, &handle, &device) != SOLO5_R_OK || handle != number)
        return fail("acquire block device");
    buffer[0] = (uint8_t)number;
    if (solo5_block_write(handle, 0, buffer, device.block_size) != SOLO5_R_OK)
        return fail("write block");
    return SOLO5_EXIT_SUCCESS;
}

static int use_net(const char *name, unsigned number) {
    solo5_handle_t handle;
    struct solo5_net_info net;
    solo5_handle_set_t ready;
    size_t size;
    if (solo5_net_acquire(name, &handle, &net) != SOLO5_R_OK || handle != number)
        return fail("acquire network device");
    print(name);
    print("\n");
    do
        solo5_yield(UINT64_MAX, &ready);
    while ((ready >> handle & 1) == 0);
    if (solo5_net_read(handle, buffer, sizeof buffer, &size) != SOLO5_R_OK ||
        solo5_net_write(handle, buffer, size) != SOLO5_R_OK)
        return fail("frame");
    return SOLO5_EXIT_SUCCESS;
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    for (unsigned number = 1; number <= DEVICES; number++) {
        char name[] = {(char)('0' + number / 10), (char)('0' + number % 10), '\0'};
        if ((number % 2 == 1 ? use_net : use_block)(name, number) != SOLO5_EXIT_SUCCESS)
            return SOLO5_EXIT_FAILURE;
    }
    return succeed();
}
