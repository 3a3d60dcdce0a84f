/*
 * block.c: the part of the block storage calls that is the same on every target.
 */
#include "bindings.h"

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle,
                                   struct solo5_block_info *info) {
    solo5_handle_t taken = device_acquire(name, MFT_DEV_BLOCK_BASIC);
    if (taken == 0)
        return SOLO5_R_EINVAL;
    const struct mft_block_basic *block = &device_entry(taken, MFT_DEV_BLOCK_BASIC)->u.block_basic;
    info->capacity = block->capacity;
    info->block_size = block->block_size;
    *handle = taken;
    return SOLO5_R_OK;
}

/* Whether a request is for one whole block of an acquired device. */
static bool valid(solo5_handle_t handle, uint64_t offset, size_t size) {
    const struct mft_entry *entry = device_entry(handle, MFT_DEV_BLOCK_BASIC);
    if (entry == NULL)
        return false;
    const struct mft_block_basic *block = &entry->u.block_basic;
    /* The block size is a power of two. */
    return size == block->block_size && (offset & (size - 1)) == 0 && size <= block->capacity &&
           offset <= block->capacity - size;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, uint64_t offset, uint8_t *buf, size_t size) {
    if (!valid(handle, offset, size))
        return SOLO5_R_EINVAL;
    return platform_block_read(handle, offset, buf, size);
}

solo5_result_t solo5_block_write(solo5_handle_t handle, uint64_t offset, const uint8_t *buf,
                                 size_t size) {
    if (!valid(handle, offset, size))
        return SOLO5_R_EINVAL;
    return platform_block_write(handle, offset, buf, size);
}
