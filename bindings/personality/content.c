/*
 * content.c: what is in a file, whatever it is.
 */
#include "content.h"

#include "blocks.h"
#include "clock.h"
#include "devices.h"
#include "pages.h"

long content_read(struct node *node, void *buffer, size_t size, uint64_t offset) {
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
        return device_read(node, buffer, size);
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

long content_write(struct node *node, const void *buffer, size_t size, uint64_t offset) {
    switch (node_type(node)) {
    case S_IFREG:
        return write_content(node, buffer, size, offset);
    case S_IFBLK:
        return block_write(node, buffer, size, offset);
    default:
        return device_write(node, buffer, size);
    }
}
