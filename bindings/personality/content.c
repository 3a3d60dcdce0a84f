/*
 * content.c: what is in a file, whatever it is.
 */
#include "content.h"

#include "blocks.h"
#include "channels.h"
#include "clock.h"
#include "devices.h"
#include "pages.h"
#include "pipes.h"

static bool waits(const struct part *part) {
    return (part->flags & O_NONBLOCK) == 0;
}

static long read_stream(const struct part *part, void *buffer, size_t size) {
    struct node *node = part->node;
    switch (node->device) {
    case DEVICE_PIPE:
        return pipe_read(node, buffer, size, waits(part));
    case DEVICE_CHANNEL:
        return channel_read(node->channel, buffer, size, waits(part));
    default:
        return device_read(node, buffer, size);
    }
}

long content_read(const struct part *part, void *buffer, size_t size) {
    struct node *node = part->node;
    uint64_t offset = part->offset;
    switch (node_type(node)) {
    case S_IFREG:
        if (offset >= node->size)
            return 0;
        if (size > node->size - offset)
            size = node->size - offset;
        memcpy(buffer, node->content.bytes + offset, size);
        return (long)size;
    case S_IFDIR:
        return -EISDIR;
    case S_IFBLK:
        return block_read(node, buffer, size, offset);
    default:
        return read_stream(part, buffer, size);
    }
}

static long write_content(struct node *node, const void *buffer, size_t size, uint64_t offset) {
    if (size == 0)
        return 0;
    if (offset > memory_total())
        return -EFBIG;
    uint64_t end = offset + size;
    long error = node_reserve(node, end > node->size ? end : node->size);
    if (error != 0)
        return error;
    if (end > node->size)
        node->size = end;
    memcpy(node->content.bytes + offset, buffer, size);
    node->mtime = node->ctime = clock_now();
    return (long)size;
}

static long write_stream(const struct part *part, const void *buffer, size_t size) {
    struct node *node = part->node;
    switch (node->device) {
    case DEVICE_PIPE:
        return pipe_write(node, buffer, size, waits(part));
    case DEVICE_CHANNEL:
        return channel_write(node->channel, buffer, size, waits(part));
    default:
        return device_write(node, buffer, size);
    }
}

long content_write(const struct part *part, const void *buffer, size_t size) {
    switch (node_type(part->node)) {
    case S_IFREG:
        return write_content(part->node, buffer, size, part->offset);
    case S_IFBLK:
        return block_write(part->node, buffer, size, part->offset);
    default:
        return write_stream(part, buffer, size);
    }
}

int content_events(const struct node *node, uint32_t flags) {
    if (node_type(node) == S_IFIFO && node->device == DEVICE_PIPE)
        return pipe_events(node, flags);
    if (node_type(node) == S_IFIFO && node->device == DEVICE_CHANNEL)
        return channel_events(node->channel);
    return POLLIN | POLLOUT;
}
