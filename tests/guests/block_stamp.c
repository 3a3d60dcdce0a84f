/*
 * block_stamp.c: writes whole blocks of one number for ever, a new number each, so that whoever
 * looks at the storage can tell a torn block.
 */
#include "guest.h"

static uint64_t words[4096 / sizeof(uint64_t)];

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t handle;
    struct solo5_block_info block;
    if (solo5_block_acquire("storage", &handle, &block) != SOLO5_R_OK ||
        block.block_size != sizeof words)
        return fail("acquire");
    for (uint64_t stamp = 1;; stamp++) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            ((volatile uint64_t *)words)[i] = stamp; /* one by one: not every KVM has vectors */
        uint64_t at = stamp * 7919 % (block.capacity / block.block_size) * block.block_size;
        if (solo5_block_write(handle, at, (const uint8_t *)words, sizeof words) != SOLO5_R_OK)
            return fail("write");
    }
}
