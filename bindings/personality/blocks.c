/*
 * blocks.c: the unikernel's block devices, as files. A device is acquired when it is first opened,
 * so that a snapshot that was taken before asks nothing of it.
 */
#include "blocks.h"

#include "arguments.h"
#include "tree.h"

/* Largest block that is known, in bytes. */
#define BLOCK_MAX 4096

static uint8_t block[BLOCK_MAX];

/* The size that the command line says, which is within the last block; else all of the device. */
static uint64_t size_of(const char *name, const struct solo5_block_info *info) {
    uint64_t size = 0;
    const char *digits = arguments_size(name);
    for (; digits != NULL && *digits >= '0' && *digits <= '9' && size < info->capacity; digits++)
        size = size * 10 + (uint64_t)(*digits - '0');
    bool given = digits != NULL && *digits == 0 && size <= info->capacity;
    return given ? size : info->capacity;
}

long block_open(struct node *node) {
    if (node->block.block_size != 0)
        return 0;
    struct solo5_block_info info;
    if (solo5_block_acquire(node->block.name, &node->block.handle, &info) != SOLO5_R_OK ||
        info.block_size > BLOCK_MAX)
        return -ENXIO;
    node->block.block_size = info.block_size;
    node->size = size_of(node->block.name, &info);
    return 0;
}

/* Reads the block that an offset lies in; how much of `size` is in it, or an error. */
static long load(const struct node *node, size_t size, uint64_t offset) {
    uint64_t block_size = node->block.block_size, at = offset % block_size;
    solo5_result_t result =
        solo5_block_read(node->block.handle, offset - at, block, (size_t)block_size);
    if (result != SOLO5_R_OK)
        return -EIO;
    return (long)(size < block_size - at ? size : block_size - at);
}

long block_read(struct node *node, void *buffer, size_t size, uint64_t offset) {
    long error = block_open(node);
    if (error != 0)
        return error;
    if (offset >= node->size)
        return 0;
    if (size > node->size - offset)
        size = node->size - offset;
    for (size_t done = 0; done < size;) {
        long part = load(node, size - done, offset + done);
        if (part < 0)
            return done > 0 ? (long)done : part;
        memcpy((uint8_t *)buffer + done, block + (offset + done) % node->block.block_size,
               (size_t)part);
        done += (size_t)part;
    }
    return (long)size;
}

long block_write(struct node *node, const void *buffer, size_t size, uint64_t offset) {
    long error = block_open(node);
    if (error != 0 || size == 0)
        return error;
    if (offset >= node->size)
        return -ENOSPC;
    if (size > node->size - offset)
        size = node->size - offset;
    for (size_t done = 0; done < size;) {
        long part = load(node, size - done, offset + done);
        uint64_t at = (offset + done) % node->block.block_size;
        if (part >= 0) {
            memcpy(block + at, (const uint8_t *)buffer + done, (size_t)part);
            if (solo5_block_write(node->block.handle, offset + done - at, block,
                                  (size_t)node->block.block_size) != SOLO5_R_OK)
                part = -EIO;
        }
        if (part < 0)
            return done > 0 ? (long)done : part;
        done += (size_t)part;
    }
    return (long)size;
}

void blocks_start(struct node *directory) {
    const char *name = (const char *)personality_program.blocks;
    const char *end = name + personality_program.blocks_size;
    for (; name < end; name += strlen(name) + 1) {
        struct node *node = tree_add(directory, name, S_IFBLK | 0600);
        if (node != NULL)
            node->block.name = name;
    }
}
