/*
 * net.c: virtio's network device (virtio 1.2, section 5.1). Frames are copied, as the device has
 * them for as long as it likes.
 */
#include "ports.h"
#include "queue.h"
#include "../common/cpu.h"

#define FEATURE_MTU (1u << 3)
#define FEATURE_MAC (1u << 5)

/* Of the device's configuration. */
#define CONFIG_MAC 0
#define CONFIG_MTU 10

#define RECEIVE  0
#define TRANSMIT 1

#define DEFAULT_MTU 1500
#define VLAN_TAG    4

/* Before every frame: no checksums are left to us, no segments to the device, so it is zero. */
#define HEADER_SIZE 10

/* Each buffer takes two descriptors: the header's, and the frame's. */
#define BUFFERS_MAX 256
#define MEMORY_MAX  0x80000u /* Of one queue, in bytes; two buffers, if they are larger. */

struct buffers {
    struct queue queue;
    uint8_t *memory;
    uint16_t count;
    uint16_t free[BUFFERS_MAX]; /* For sending: those that the device does not have. */
    uint16_t free_count;
};

static struct net {
    solo5_handle_t handle;
    size_t frame_max;
    size_t buffer_size;
    struct buffers receive, transmit;
} *devices[MFT_MAX_ENTRIES];

static unsigned device_count;

void *memcpy(void *restrict to, const void *restrict from, size_t size);

static uint8_t *frame_of(const struct net *net, const struct buffers *buffers, unsigned index) {
    return buffers->memory + index * net->buffer_size + HEADER_SIZE;
}

/* Makes one direction's buffers; the lengths of frames to send are set when there is one. */
static void init_buffers(const struct net *net, struct buffers *buffers, uint16_t port,
                         uint16_t number) {
    const uint16_t flags = number == RECEIVE ? DESCRIPTOR_WRITE : 0;
    queue_init(&buffers->queue, port, number, 4);
    size_t count = MEMORY_MAX / net->buffer_size;
    if (count < 2)
        count = 2;
    if (count > BUFFERS_MAX)
        count = BUFFERS_MAX;
    if (count > buffers->queue.size / 2u)
        count = buffers->queue.size / 2u;
    buffers->count = (uint16_t)count;
    buffers->memory = pages_take(count * net->buffer_size);
    for (uint16_t i = 0; i < count; i++) {
        uint8_t *frame = frame_of(net, buffers, i);
        struct descriptor *pair = &buffers->queue.descriptors[2 * i];
        pair[0] = (struct descriptor){(uintptr_t)frame - HEADER_SIZE, HEADER_SIZE,
                                      flags | DESCRIPTOR_NEXT, (uint16_t)(2 * i + 1)};
        pair[1] = (struct descriptor){(uintptr_t)frame, (uint32_t)net->frame_max, flags, 0};
        if (number == RECEIVE)
            queue_give(&buffers->queue, (uint16_t)(2 * i));
        else
            buffers->free[buffers->free_count++] = i;
    }
}

void net_attach(const struct pci_device *device, solo5_handle_t handle,
                struct mft_net_basic *info) {
    const uint16_t port = device->port;
    uint32_t features = device_begin(port, FEATURE_MTU | FEATURE_MAC);
    if (!(features & FEATURE_MAC))
        fatal("A virtio network device has no hardware address");
    for (uint16_t i = 0; i < sizeof info->mac; i++)
        info->mac[i] = port_read8(port + DEVICE_CONFIG + CONFIG_MAC + i);
    info->mtu =
        features & FEATURE_MTU ? port_read16(port + DEVICE_CONFIG + CONFIG_MTU) : DEFAULT_MTU;

    struct net *net = pages_take(sizeof *net);
    net->handle = handle;
    net->frame_max = (size_t)info->mtu + SOLO5_NET_HLEN + VLAN_TAG;
    net->buffer_size = (HEADER_SIZE + net->frame_max + 63) & -(size_t)64;
    init_buffers(net, &net->receive, port, RECEIVE);
    init_buffers(net, &net->transmit, port, TRANSMIT);
    net->transmit.queue.available->flags = AVAILABLE_NO_INTERRUPT;
    devices[device_count++] = net;
    interrupts_allow(device->line);
    device_go(port);
    queue_notify(&net->receive.queue);
}

static struct net *find(solo5_handle_t handle) {
    unsigned i = 0;
    while (devices[i]->handle != handle)
        i++;
    return devices[i];
}

solo5_handle_set_t net_ready(void) {
    solo5_handle_set_t ready = 0;
    for (unsigned i = 0; i < device_count; i++) {
        if (queue_has_used(&devices[i]->receive.queue))
            ready |= UINT64_C(1) << devices[i]->handle;
    }
    return ready;
}

void net_acknowledge(void) {
    for (unsigned i = 0; i < device_count; i++)
        port_read8(devices[i]->receive.queue.port + DEVICE_ISR);
}

solo5_result_t platform_net_read(solo5_handle_t handle, uint8_t *buf, size_t size,
                                 size_t *read_size) {
    struct net *net = find(handle);
    struct queue *queue = &net->receive.queue;
    if (!queue_has_used(queue))
        return SOLO5_R_AGAIN;
    struct used_element used = queue_take(queue);
    size_t length = used.length - HEADER_SIZE;
    if (length > net->frame_max)
        length = net->frame_max;
    *read_size = length < size ? length : size;
    unsigned index = used.id / 2 % net->receive.count;
    memcpy(buf, frame_of(net, &net->receive, index), *read_size);
    queue_give(queue, (uint16_t)(2 * index));
    queue_notify(queue);
    return SOLO5_R_OK;
}

/* Takes back the buffers of frames that are sent. */
static void reclaim(struct buffers *transmit) {
    while (queue_has_used(&transmit->queue)) {
        struct used_element used = queue_take(&transmit->queue);
        transmit->free[transmit->free_count++] = used.id / 2 % transmit->count;
    }
}

/* A device that has not sent all by then waits for others: a try takes about a microsecond. */
#define FINISH_TRIES 2000000

void net_finish(void) {
    for (unsigned i = 0; i < device_count; i++) {
        struct buffers *transmit = &devices[i]->transmit;
        reclaim(transmit);
        for (unsigned tries = 0; transmit->free_count < transmit->count; tries++) {
            if (tries == FINISH_TRIES)
                return;
            port_read8(transmit->queue.port + DEVICE_STATUS);
            reclaim(transmit);
        }
    }
}

solo5_result_t platform_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size) {
    struct net *net = find(handle);
    struct buffers *transmit = &net->transmit;
    if (size > net->frame_max)
        return SOLO5_R_EINVAL;
    reclaim(transmit);
    /* The device always goes on, so there is no need to tell the application to come again. */
    while (transmit->free_count == 0) {
        cpu_relax();
        reclaim(transmit);
    }
    unsigned index = transmit->free[--transmit->free_count];
    memcpy(frame_of(net, transmit, index), buf, size);
    transmit->queue.descriptors[2 * index + 1].length = (uint32_t)size;
    queue_give(&transmit->queue, (uint16_t)(2 * index));
    queue_notify(&transmit->queue);
    return SOLO5_R_OK;
}
