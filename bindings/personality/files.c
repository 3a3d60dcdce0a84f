/*
 * files.c: reading and writing open files.
 */
#include "files.h"

#include "blocks.h"
#include "content.h"
#include "descriptors.h"
#include "pages.h"
#include "paths.h"
#include "pipes.h"
#include "signals.h"

static bool has_offset(const struct node *node) {
    uint32_t type = node_type(node);
    return type == S_IFREG || type == S_IFBLK || type == S_IFDIR;
}

static struct file *to_read(int fd) {
    struct file *file = descriptor_opened(fd);
    bool reads = file != NULL && (file->flags & O_ACCMODE) != O_WRONLY;
    return reads ? file : NULL;
}

static struct file *to_write(int fd) {
    struct file *file = descriptor_opened(fd);
    bool writes = file != NULL && (file->flags & O_ACCMODE) != O_RDONLY;
    return writes ? file : NULL;
}

/* A part of a call: `at` is the offset, and is moved on. */
static long read_part(struct file *file, uintptr_t buffer, size_t size, uint64_t *at) {
    if (!memory_writable(buffer, size))
        return -EFAULT;
    const struct part part = {file->node, file->flags, *at};
    long result = content_read(&part, (void *)buffer, size);
    if (result > 0 && has_offset(file->node))
        *at += (uint64_t)result;
    return result;
}

static long write_part(struct file *file, uintptr_t buffer, size_t size, uint64_t *at) {
    if (!memory_readable(buffer, size))
        return -EFAULT;
    if ((file->flags & O_APPEND) && size > 0 && node_type(file->node) == S_IFREG)
        *at = file->node->size;
    const struct part part = {file->node, file->flags, *at};
    long result = content_write(&part, (const void *)buffer, size);
    if (result == -EPIPE)
        signals_send(SIGPIPE, SI_USER);
    if (result > 0 && has_offset(file->node))
        *at += (uint64_t)result;
    return result;
}

typedef long move(struct file *file, uintptr_t buffer, size_t size, uint64_t *at);

static size_t clamp(size_t size) {
    return size > RW_MAX ? RW_MAX : size;
}

long call_read(int fd, uintptr_t buffer, size_t size) {
    struct file *file = to_read(fd);
    return file == NULL ? -EBADF : read_part(file, buffer, clamp(size), &file->offset);
}

long call_write(int fd, uintptr_t buffer, size_t size) {
    struct file *file = to_write(fd);
    return file == NULL ? -EBADF : write_part(file, buffer, clamp(size), &file->offset);
}

/* Whether a call may bring an offset with it for this file, which it reads or writes: 0 or an
 * error. */
static long check_offset(int fd, const struct file *moved, int64_t offset) {
    if (offset < 0)
        return -EINVAL;
    const struct file *file = descriptor_opened(fd);
    if (file != NULL && node_type(file->node) == S_IFIFO)
        return -ESPIPE;
    return moved == NULL ? -EBADF : 0;
}

long call_pread(int fd, uintptr_t buffer, size_t size, int64_t offset) {
    struct file *file = to_read(fd);
    long error = check_offset(fd, file, offset);
    return error != 0 ? error : read_part(file, buffer, clamp(size), &(uint64_t){(uint64_t)offset});
}

long call_pwrite(int fd, uintptr_t buffer, size_t size, int64_t offset) {
    struct file *file = to_write(fd);
    long error = check_offset(fd, file, offset);
    return error != 0 ? error
                      : write_part(file, buffer, clamp(size), &(uint64_t){(uint64_t)offset});
}

/* Moves several buffers, up to the first that is not moved whole. */
static long each(struct file *file, move *move, uintptr_t vector, long count, uint64_t *at) {
    if (count < 0 || count > IOV_MAX)
        return -EINVAL;
    if (!memory_readable(vector, (size_t)count * sizeof(struct linux_iovec)))
        return -EFAULT;
    const struct linux_iovec *parts = (const void *)vector;
    for (long number = 0; number < count; number++) {
        if ((int64_t)parts[number].size < 0)
            return -EINVAL;
    }
    size_t total = 0;
    for (long number = 0; number < count; number++) {
        size_t size = clamp(parts[number].size);
        if (size > RW_MAX - total)
            size = RW_MAX - total;
        if (size == 0)
            continue;
        long result = move(file, parts[number].base, size, at);
        if (result < 0)
            return total > 0 ? (long)total : result;
        total += (size_t)result;
        if ((size_t)result < size)
            break;
    }
    return (long)total;
}

long call_readv(int fd, uintptr_t vector, long count) {
    struct file *file = to_read(fd);
    return file == NULL ? -EBADF : each(file, read_part, vector, count, &file->offset);
}

long call_writev(int fd, uintptr_t vector, long count) {
    struct file *file = to_write(fd);
    return file == NULL ? -EBADF : each(file, write_part, vector, count, &file->offset);
}

long call_preadv(int fd, uintptr_t vector, long count, int64_t offset) {
    struct file *file = to_read(fd);
    long error = check_offset(fd, file, offset);
    return error != 0 ? error : each(file, read_part, vector, count, &(uint64_t){(uint64_t)offset});
}

long call_pwritev(int fd, uintptr_t vector, long count, int64_t offset) {
    struct file *file = to_write(fd);
    long error = check_offset(fd, file, offset);
    return error != 0 ? error
                      : each(file, write_part, vector, count, &(uint64_t){(uint64_t)offset});
}

long call_lseek(int fd, int64_t offset, int whence) {
    struct file *file = descriptor_opened(fd);
    if (file == NULL)
        return -EBADF;
    if (whence < SEEK_SET || whence > SEEK_HOLE)
        return -EINVAL;
    struct node *node = file->node;
    if (node_type(node) == S_IFIFO)
        return -ESPIPE;
    if (node_type(node) == S_IFBLK && block_open(node) != 0)
        return -ENXIO;
    if (!has_offset(node))
        return whence > SEEK_END ? -EINVAL : 0;
    if (node_type(node) == S_IFDIR && whence > SEEK_CUR)
        return -EINVAL;
    int64_t from;
    switch (whence) {
    case SEEK_SET:
        from = 0;
        break;
    case SEEK_CUR:
        from = (int64_t)file->offset;
        break;
    case SEEK_END:
        from = (int64_t)node->size;
        break;
    default: /* SEEK_DATA, SEEK_HOLE */
        if (offset < 0 || (uint64_t)offset >= node->size)
            return -6; /* ENXIO */
        from = 0;
        if (whence == SEEK_HOLE)
            offset = (int64_t)node->size;
    }
    int64_t to;
    if (__builtin_add_overflow(from, offset, &to))
        return -EOVERFLOW;
    if (to < 0)
        return -EINVAL;
    file->offset = (uint64_t)to;
    return to;
}

static long truncate(struct node *node, int64_t size) {
    if (node_type(node) == S_IFDIR)
        return -EISDIR;
    if (node_type(node) != S_IFREG)
        return -EINVAL;
    if ((uint64_t)size > memory_total())
        return -EFBIG;
    return node_resize(node, (uint64_t)size);
}

long call_truncate(uintptr_t path, int64_t size) {
    if (size < 0)
        return -EINVAL;
    struct node *node;
    long error = path_node(AT_FDCWD, path, LAST_FOLLOWED, &node);
    return error != 0 ? error : truncate(node, size);
}

long call_ftruncate(int fd, int64_t size) {
    if (size < 0)
        return -EINVAL;
    if (descriptor_opened(fd) == NULL)
        return -EBADF;
    struct file *file = to_write(fd);
    if (file == NULL || node_type(file->node) == S_IFDIR)
        return -EINVAL;
    return truncate(file->node, size);
}

/* Writes from within a regular file to a file, and moves both offsets on. */
static long copy(struct file *target, uint64_t *to, const struct node *node, uint64_t *from,
                 size_t size) {
    if (*from >= node->size)
        return 0;
    size = clamp(size);
    if (size > node->size - *from)
        size = node->size - *from;
    /* Writing may move the content of the file that is read, if both are the same. */
    if (target->node == node && node_reserve(target->node, *to + size) != 0)
        return -ENOSPC;
    const struct part part = {target->node, target->flags, *to};
    long result = content_write(&part, node->content.bytes + *from, size);
    if (result == -EPIPE)
        signals_send(SIGPIPE, SI_USER);
    if (result > 0) {
        *from += (uint64_t)result;
        if (has_offset(target->node))
            *to += (uint64_t)result;
    }
    return result;
}

long call_sendfile(int to, int from, uintptr_t offset, size_t size) {
    if (offset != 0 && !memory_writable(offset, 8))
        return -EFAULT;
    struct file *source = to_read(from), *target = to_write(to);
    if (source == NULL)
        return -EBADF;
    if (offset != 0 && node_type(source->node) == S_IFIFO)
        return -ESPIPE;
    uint64_t *at = offset != 0 ? (uint64_t *)offset : &source->offset;
    if ((int64_t)*at < 0)
        return -EINVAL;
    if (target == NULL)
        return -EBADF;
    bool to_pipe = is_pipe(target->node);
    if (to_pipe && target->node->pipe.readers == 0) {
        signals_send(SIGPIPE, SI_USER);
        return -EPIPE;
    }
    if (!to_pipe && (!has_offset(source->node) || (target->flags & O_APPEND)))
        return -EINVAL;
    if (size == 0)
        return 0;
    if (node_type(source->node) != S_IFREG)
        return -EINVAL;
    return copy(target, &target->offset, source->node, at, size);
}

long call_copy_file_range(int from, uintptr_t from_offset, int to, uintptr_t to_offset, size_t size,
                          long flags) {
    struct file *source = to_read(from), *target = to_write(to);
    if (source == NULL || target == NULL || (target->flags & O_APPEND))
        return -EBADF;
    if (node_type(source->node) == S_IFDIR || node_type(target->node) == S_IFDIR)
        return -EISDIR;
    if (flags != 0 || node_type(source->node) != S_IFREG || node_type(target->node) != S_IFREG)
        return -EINVAL;
    if ((from_offset != 0 && !memory_writable(from_offset, 8)) ||
        (to_offset != 0 && !memory_writable(to_offset, 8)))
        return -EFAULT;
    uint64_t *at = from_offset != 0 ? (uint64_t *)from_offset : &source->offset;
    uint64_t *out = to_offset != 0 ? (uint64_t *)to_offset : &target->offset;
    if ((int64_t)*at < 0 || (int64_t)*out < 0 || *out + clamp(size) > INT64_MAX)
        return -EINVAL;
    /* Parts of one file must not overlap. */
    if (source->node == target->node && *at < *out + size && *out < *at + size)
        return -EINVAL;
    return copy(target, out, source->node, at, size);
}

long call_fallocate(int fd, long mode, int64_t offset, int64_t size) {
    struct file *file = to_write(fd);
    if (file == NULL)
        return -EBADF;
    if (offset < 0 || size <= 0)
        return -EINVAL;
    if (mode & ~(long)FALLOC_FL_KEEP_SIZE)
        return -EOPNOTSUPP;
    if (node_type(file->node) != S_IFREG)
        return node_type(file->node) == S_IFIFO ? -ESPIPE : -ENODEV;
    uint64_t end = (uint64_t)offset + (uint64_t)size;
    if (end > memory_total())
        return end > INT64_MAX ? -EFBIG : -ENOSPC;
    if (end <= file->node->size)
        return 0;
    return mode == 0 ? node_resize(file->node, end) : node_reserve(file->node, end);
}
