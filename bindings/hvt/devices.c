/*
 * devices.c: network and block storage, by hypercall; frames also by the network ring.
 */
#include "../common/bindings.h"
#include "hypercall.h"
#include "net_ring.h"

solo5_result_t platform_net_read(solo5_handle_t handle, uint8_t *buf, size_t size,
                                 size_t *read_size) {
    solo5_result_t result;
    if (net_ring_read(handle, buf, size, read_size, &result))
        return result;
    struct hvt_hc_net_read block = {.handle = handle, .data = buf, .len = size};
    hypercall(HVT_HYPERCALL_NET_READ, &block);
    if (block.ret == SOLO5_R_OK)
        *read_size = block.len;
    net_ring_learn(handle, (solo5_result_t)block.ret);
    return (solo5_result_t)block.ret;
}

solo5_result_t platform_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size) {
    if (net_ring_write(handle, buf, size))
        return SOLO5_R_OK;
    struct hvt_hc_net_write block = {.handle = handle, .data = buf, .len = size};
    hypercall(HVT_HYPERCALL_NET_WRITE, &block);
    return (solo5_result_t)block.ret;
}

solo5_result_t platform_block_read(solo5_handle_t handle, uint64_t offset, uint8_t *buf,
                                   size_t size) {
    struct hvt_hc_block_read block = {.handle = handle, .offset = offset, .data = buf, .len = size};
    hypercall(HVT_HYPERCALL_BLOCK_READ, &block);
    return (solo5_result_t)block.ret;
}

solo5_result_t platform_block_write(solo5_handle_t handle, uint64_t offset, const uint8_t *buf,
                                    size_t size) {
    struct hvt_hc_block_write block = {
        .handle = handle, .offset = offset, .data = buf, .len = size};
    hypercall(HVT_HYPERCALL_BLOCK_WRITE, &block);
    return (solo5_result_t)block.ret;
}
