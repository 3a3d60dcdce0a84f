/*
 * devices.c: network and block storage, by system calls on the descriptors that the manifest holds.
 */
#include "../common/bindings.h"
#include "linux.h"

static solo5_result_t result_of(long value) {
    switch (value) {
    case -LINUX_EAGAIN:
        return SOLO5_R_AGAIN;
    case -LINUX_EINVAL:
        return SOLO5_R_EINVAL;
    default:
        return value < 0 ? SOLO5_R_EUNSPEC : SOLO5_R_OK;
    }
}

/* The result of a call that has to transfer all of `size` bytes. */
static solo5_result_t result_of_all(long value, size_t size) {
    return value >= 0 && (size_t)value != size ? SOLO5_R_EUNSPEC : result_of(value);
}

static long net_fd(solo5_handle_t handle) {
    return device_entry(handle, MFT_DEV_NET_BASIC)->b.hostfd;
}

static long block_fd(solo5_handle_t handle) {
    return device_entry(handle, MFT_DEV_BLOCK_BASIC)->b.hostfd;
}

solo5_result_t platform_net_read(solo5_handle_t handle, uint8_t *buf, size_t size,
                                 size_t *read_size) {
    long count = linux_call4(LINUX_READ, net_fd(handle), (long)buf, (long)size, 0);
    if (count >= 0)
        *read_size = (size_t)count;
    return result_of(count);
}

solo5_result_t platform_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size) {
    return result_of_all(linux_call4(LINUX_WRITE, net_fd(handle), (long)buf, (long)size, 0), size);
}

solo5_result_t platform_block_read(solo5_handle_t handle, uint64_t offset, uint8_t *buf,
                                   size_t size) {
    return result_of_all(
        linux_call4(LINUX_PREAD64, block_fd(handle), (long)buf, (long)size, (long)offset), size);
}

solo5_result_t platform_block_write(solo5_handle_t handle, uint64_t offset, const uint8_t *buf,
                                    size_t size) {
    return result_of_all(
        linux_call4(LINUX_PWRITE64, block_fd(handle), (long)buf, (long)size, (long)offset), size);
}
