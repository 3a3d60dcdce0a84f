/*
 * queue.h: a virtqueue in the layout of the legacy interface (virtio 1.2, sections 2.7 and
 * 4.1.5.1.3.1), and the registers of a device.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include "virtio.h"

/* Registers, from the device's port on. */
#define DEVICE_FEATURES 0
#define DRIVER_FEATURES 4
#define QUEUE_ADDRESS   8 /* In pages. */
#define QUEUE_SIZE      12
#define QUEUE_SELECT    14
#define QUEUE_NOTIFY    16
#define DEVICE_STATUS   18
#define DEVICE_ISR      19
#define DEVICE_CONFIG   20

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

#define DESCRIPTOR_NEXT  1 /* Another one follows. */
#define DESCRIPTOR_WRITE 2 /* For the device to write to. */

/* What the driver gives to the device. */
struct available {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[]; /* First descriptors. */
};

#define AVAILABLE_NO_INTERRUPT 1

struct used_element {
    uint32_t id; /* The first descriptor. */
    uint32_t length;
};

/* What the device gives back. */
struct used {
    uint16_t flags;
    uint16_t index;
    struct used_element ring[];
};

#define USED_NO_NOTIFY 1

struct queue {
    uint16_t port;   /* Of the device. */
    uint16_t number; /* Of the queue. */
    uint16_t size;   /* In descriptors; a power of two. */
    uint16_t seen;   /* Of used->index. */
    struct descriptor *descriptors;
    struct available *available;
    volatile struct used *used;
};

/* Resets a device and agrees on features: those of `known` that it has. Returns them. */
uint32_t device_begin(uint16_t port, uint32_t known);

/* The device is live from here on. */
void device_go(uint16_t port);

/* Makes a queue; ends the unikernel if it has fewer than `least` descriptors. */
void queue_init(struct queue *queue, uint16_t port, uint16_t number, uint16_t least);

/* Gives the device the buffers that begin with a descriptor. */
void queue_give(struct queue *queue, uint16_t first);

/* Tells the device, unless it looks by itself. */
void queue_notify(const struct queue *queue);

/* Whether the device has given something back that was not taken yet. */
bool queue_has_used(const struct queue *queue);

/* Takes the oldest of what the device has given back. */
struct used_element queue_take(struct queue *queue);

#endif
