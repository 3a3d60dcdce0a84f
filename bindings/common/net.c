/*
 * net.c: the part of the network calls that is the same on every target.
 */
#include "bindings.h"

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle,
                                 struct solo5_net_info *info) {
    solo5_handle_t taken = device_acquire(name, MFT_DEV_NET_BASIC);
    if (taken == 0)
        return SOLO5_R_EINVAL;
    const struct mft_net_basic *net = &device_entry(taken, MFT_DEV_NET_BASIC)->u.net_basic;
    for (int i = 0; i < SOLO5_NET_ALEN; i++)
        info->mac_address[i] = net->mac[i];
    info->mtu = net->mtu;
    *handle = taken;
    return SOLO5_R_OK;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size) {
    if (device_entry(handle, MFT_DEV_NET_BASIC) == NULL)
        return SOLO5_R_EINVAL;
    return platform_net_read(handle, buf, size, read_size);
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size) {
    if (device_entry(handle, MFT_DEV_NET_BASIC) == NULL)
        return SOLO5_R_EINVAL;
    return platform_net_write(handle, buf, size);
}
