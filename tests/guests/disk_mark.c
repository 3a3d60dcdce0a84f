/*
 * disk_mark.c: says whether the second block of a disk has a mark, and puts one there.
 */
#include "guest.h"

static uint8_t block[512];

int solo5_app_main(const struct solo5_start_info *info) {
    (void)info;
    solo5_handle_t handle;
    struct solo5_block_info about;
    if (solo5_block_acquire("storage", &handle, &about) != SOLO5_R_OK ||
        about.block_size != sizeof block)
        return fail("acquire");
    if (solo5_block_read(handle, sizeof block, block, sizeof block) != SOLO5_R_OK)
        return fail("read");
    print(block[0] == 'M' && block[511] == 'M' ? "a mark\n" : "no mark\n");
    for (size_t i = 0; i < sizeof block; i++)
        ((volatile uint8_t *)block)[i] = 'M'; /* one by one: not every KVM has vectors */
    if (solo5_block_write(handle, sizeof block, block, sizeof block) != SOLO5_R_OK)
        return fail("write");
    return succeed();
}
