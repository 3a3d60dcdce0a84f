/*
 * ioctl.c: requests to open files. Those of terminals are refused: there is none.
 */
#include "ioctl.h"

#include "blocks.h"
#include "descriptors.h"
#include "pages.h"
#include "pipes.h"

/* How many bytes are left to read; an error where that is not known. */
static long left_of(const struct file *file) {
    const struct node *node = file->node;
    if (is_pipe(node))
        return node->pipe.count;
    if (node_type(node) != S_IFREG)
        return -ENOTTY;
    return node->size > file->offset ? (long)(node->size - file->offset) : 0;
}

static long put32(uintptr_t address, long value) {
    if (value < 0)
        return value;
    if (!memory_writable(address, 4))
        return -EFAULT;
    *(int32_t *)address = (int32_t)value;
    return 0;
}

static long put64(uintptr_t address, uint64_t value) {
    if (!memory_writable(address, 8))
        return -EFAULT;
    *(uint64_t *)address = value;
    return 0;
}

static long of_block(struct node *node, uint32_t request, uintptr_t argument) {
    if (block_open(node) != 0)
        return -ENXIO;
    switch (request) {
    case BLKGETSIZE64:
        return put64(argument, node->size);
    case BLKGETSIZE:
        return put64(argument, node->size / 512);
    case BLKSSZGET:
        return put32(argument, (long)node->block.block_size);
    default:
        return -ENOTTY;
    }
}

long call_ioctl(int fd, uint32_t request, uintptr_t argument) {
    struct file *file = descriptor_file(fd);
    if (file == NULL || (file->flags & O_PATH))
        return -EBADF;
    switch (request) {
    case FIOCLEX:
    case FIONCLEX:
        descriptor_set_close(fd, request == FIOCLEX);
        return 0;
    case FIONBIO:
        if (!memory_readable(argument, 4))
            return -EFAULT;
        file->flags =
            *(const int32_t *)argument != 0 ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
        return 0;
    case FIONREAD:
        return put32(argument, left_of(file));
    default:
        return node_type(file->node) == S_IFBLK ? of_block(file->node, request, argument) : -ENOTTY;
    }
}
