/*
 * bench_block.c: reads as many blocks as its command line says, one after the other.
 */
#include "guest.h"

static uint8_t buffer[4096];

int solo5_app_main(const struct solo5_start_info *info) {
    uint64_t count = 0;
    for (const char *digit = info->cmdline; *digit >= '0' && *digit <= '9'; digit++)
        count = count * 10 + (uint64_t)(*digit - '0');
    solo5_handle_t handle;
    struct solo5_block_info block;
    if (solo5_block_acquire("storage", &handle, &block) != SOLO5_R_OK)
        return fail("acquire");
    for (uint64_t at = 0; count > 0; count--) {
        if (solo5_block_read(handle, at, buffer, block.block_size) != SOLO5_R_OK)
            return fail("read");
        at = at + block.block_size < block.capacity ? at + block.block_size : 0;
    }
    return SOLO5_EXIT_SUCCESS;
}
