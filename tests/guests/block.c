/*
 * block.c: writes the first and the last block of a device, reads them back, and tries everything
 * that a block call must refuse.
 */
#include "guest.h"

static uint8_t buffer[4096];

/* Writes and reads back a block that holds `seed` at both ends. */
static bool round_trip(solo5_handle_t handle, uint64_t offset, size_t size, uint8_t seed) {
    buffer[0] = buffer[size - 1] = seed;
    if (solo5_block_write(handle, offset, buffer, size) != SOLO5_R_OK)
        return false;
    buffer[0] = buffer[size - 1] = 0;
    return solo5_block_read(handle, offset, buffer, size) == SOLO5_R_OK && buffer[0] == seed &&
           buffer[size - 1] == seed;
}

/* Whether reading and writing are both refused. */
static bool refused(solo5_handle_t handle, uint64_t offset, size_t size) {
    return solo5_block_read(handle, offset, buffer, size) == SOLO5_R_EINVAL &&
           solo5_block_write(handle, offset, buffer, size) == SOLO5_R_EINVAL;
}

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t handle, again;
    struct solo5_block_info block;
    if (solo5_block_acquire("none", &handle, &block) != SOLO5_R_EINVAL)
        return fail("acquired an undeclared device");
    if (!refused(1, 0, 512))
        return fail("used a device before it was acquired");
    if (solo5_block_acquire("storage", &handle, &block) != SOLO5_R_OK)
        return fail("acquire");
    if (solo5_block_acquire("storage", &again, &block) != SOLO5_R_EINVAL)
        return fail("acquired twice");

    size_t size = block.block_size;
    if (size > sizeof buffer || block.capacity < 2 * size)
        return fail("device too small, or its blocks too large");
    if (!round_trip(handle, 0, size, 0xa5) ||
        !round_trip(handle, block.capacity - size, size, 0x5a))
        return fail("round trip");
    if (!refused(handle, block.capacity, size) || !refused(handle, -(uint64_t)size, size))
        return fail("past the end");
    if (!refused(handle, 1, size) || !refused(handle, 0, size / 2) || !refused(handle, 0, 2 * size))
        return fail("not one aligned block");
    if (!refused(handle + 1, 0, size) || !refused(1000, 0, size))
        return fail("not a device");
    return succeed();
}
