/*
 * block.c: virtio's block device (virtio 1.2, section 5.2). One request at a time, and each is
 * waited for.
 */
#include "ports.h"
#include "queue.h"
#include "../common/cpu.h"

#define FEATURE_BLOCK_SIZE (1u << 6)

/* Of the device's configuration. */
#define CONFIG_CAPACITY   0 /* In sectors, whatever the block size is. */
#define CONFIG_BLOCK_SIZE 20

#define SECTOR_SIZE    512
#define BLOCK_SIZE_MAX 32768 /* The largest power of two that the manifest has room for. */

enum request_type { REQUEST_READ, REQUEST_WRITE };

#define STATUS_OK 0

struct request {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
    volatile uint8_t status;
};

#define HEADER_SIZE 16 /* Of a request, up to its status. */

static struct block {
    solo5_handle_t handle;
    struct queue queue;
    struct request request;
    /* In between: a device would write to wherever the application's pointer leads. */
    uint8_t *data;
} *devices[MFT_MAX_ENTRIES];

static unsigned device_count;

void *memcpy(void *restrict to, const void *restrict from, size_t size);

static uint16_t block_size_of(uint16_t port, uint32_t features) {
    if (!(features & FEATURE_BLOCK_SIZE))
        return SECTOR_SIZE;
    uint32_t size = port_read32(port + DEVICE_CONFIG + CONFIG_BLOCK_SIZE);
    bool valid = size >= SECTOR_SIZE && size <= BLOCK_SIZE_MAX && (size & (size - 1)) == 0;
    return valid ? (uint16_t)size : SECTOR_SIZE;
}

void block_attach(const struct pci_device *device, solo5_handle_t handle,
                  struct mft_block_basic *info) {
    const uint16_t port = device->port, config = port + DEVICE_CONFIG;
    uint32_t features = device_begin(port, FEATURE_BLOCK_SIZE);
    uint64_t sectors = port_read32(config + CONFIG_CAPACITY) |
                       (uint64_t)port_read32(config + CONFIG_CAPACITY + 4) << 32;
    info->block_size = block_size_of(port, features);
    info->capacity = sectors * SECTOR_SIZE;

    struct block *block = pages_take(sizeof *block);
    block->handle = handle;
    block->data = pages_take(info->block_size);
    queue_init(&block->queue, port, 0, 4);
    struct descriptor *chain = block->queue.descriptors;
    chain[0] = (struct descriptor){(uintptr_t)&block->request, HEADER_SIZE, DESCRIPTOR_NEXT, 1};
    chain[1] = (struct descriptor){(uintptr_t)block->data, info->block_size, 0, 2};
    chain[2] =
        (struct descriptor){(uintptr_t)&block->request.status, 1, DESCRIPTOR_WRITE, 0};
    block->queue.available->flags = AVAILABLE_NO_INTERRUPT;
    devices[device_count++] = block;
    device_go(port);
}

static struct block *find(solo5_handle_t handle) {
    unsigned i = 0;
    while (devices[i]->handle != handle)
        i++;
    return devices[i];
}

/* Carries out a request for the block in `data`. */
static solo5_result_t request(struct block *block, enum request_type type, uint64_t offset) {
    struct queue *queue = &block->queue;
    block->request.type = type;
    block->request.sector = offset / SECTOR_SIZE;
    queue->descriptors[1].flags = DESCRIPTOR_NEXT | (type == REQUEST_READ ? DESCRIPTOR_WRITE : 0);
    queue_give(queue, 0);
    queue_notify(queue);
    while (!queue_has_used(queue))
        cpu_relax();
    queue_take(queue);
    return block->request.status == STATUS_OK ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t platform_block_read(solo5_handle_t handle, uint64_t offset, uint8_t *buf,
                                   size_t size) {
    struct block *block = find(handle);
    solo5_result_t result = request(block, REQUEST_READ, offset);
    if (result == SOLO5_R_OK)
        memcpy(buf, block->data, size);
    return result;
}

solo5_result_t platform_block_write(solo5_handle_t handle, uint64_t offset, const uint8_t *buf,
                                    size_t size) {
    struct block *block = find(handle);
    memcpy(block->data, buf, size);
    return request(block, REQUEST_WRITE, offset);
}
