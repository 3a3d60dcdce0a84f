/*
 * queue.c: see queue.h.
 */
#include "queue.h"

#include "ports.h"

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4

#define PAGE_SIZE 0x1000u

/* Stores stay in order on this CPU: only the compiler has to be told. */
#define in_order() __asm__ volatile("" : : : "memory")

uint32_t device_begin(uint16_t port, uint32_t known) {
    port_write8(port + DEVICE_STATUS, 0);
    port_write8(port + DEVICE_STATUS, STATUS_ACKNOWLEDGE);
    port_write8(port + DEVICE_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    uint32_t features = port_read32(port + DEVICE_FEATURES) & known;
    port_write32(port + DRIVER_FEATURES, features);
    return features;
}

void device_go(uint16_t port) {
    port_write8(port + DEVICE_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK);
}

static size_t page_up(size_t size) {
    return (size + PAGE_SIZE - 1) & -(size_t)PAGE_SIZE;
}

void queue_init(struct queue *queue, uint16_t port, uint16_t number, uint16_t least) {
    port_write16(port + QUEUE_SELECT, number);
    uint16_t size = port_read16(port + QUEUE_SIZE);
    if (size < least)
        fatal("A virtio device has too small a queue");
    /* Both rings end in an index that is not used here. */
    size_t given = size * sizeof(struct descriptor) + sizeof(struct available) +
                   (size + 1u) * sizeof(uint16_t);
    size_t back = sizeof(struct used) + size * sizeof(struct used_element) + sizeof(uint16_t);
    char *memory = pages_take(page_up(given) + back);
    *queue = (struct queue){
        .port = port,
        .number = number,
        .size = size,
        .descriptors = (struct descriptor *)memory,
        .available = (struct available *)(memory + size * sizeof(struct descriptor)),
        .used = (struct used *)(memory + page_up(given)),
    };
    port_write32(port + QUEUE_ADDRESS, (uint32_t)((uintptr_t)memory / PAGE_SIZE));
}

void queue_give(struct queue *queue, uint16_t first) {
    struct available *available = queue->available;
    available->ring[available->index & (queue->size - 1)] = first;
    in_order();
    available->index++;
}

void queue_notify(const struct queue *queue) {
    /* The device must see the index before we look whether it waits for it. */
    __asm__ volatile("mfence" : : : "memory");
    if (!(queue->used->flags & USED_NO_NOTIFY))
        port_write16(queue->port + QUEUE_NOTIFY, queue->number);
}

bool queue_has_used(const struct queue *queue) {
    return queue->seen != queue->used->index;
}

struct used_element queue_take(struct queue *queue) {
    in_order();
    volatile struct used_element *element = &queue->used->ring[queue->seen & (queue->size - 1)];
    queue->seen++;
    return (struct used_element){element->id, element->length};
}
