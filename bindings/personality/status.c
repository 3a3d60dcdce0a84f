/*
 * status.c: what is known of files.
 */
#include "status.h"

#include "clock.h"
#include "descriptors.h"
#include "pages.h"
#include "paths.h"
#include "pipes.h"

#define BLOCK_UNIT  512 /* Of st_blocks. */
#define ROOT_DEVICE 1

/* The number of a character device, as Linux has it; the mark reads and writes as /dev/null. */
static uint32_t device_minor(const struct node *node) {
    static const uint8_t minors[] = {3, 5, 7, 9, 1, 3};
    return minors[node->device];
}

static uint32_t device_major(const struct node *node) {
    return node->device == DEVICE_CONSOLE ? 5 : 1;
}

/* The size that programs see: that of block devices is asked for otherwise. */
static uint64_t shown_size(const struct node *node) {
    uint32_t type = node_type(node);
    if (type == S_IFDIR)
        return PAGE_SIZE;
    return type == S_IFREG || type == S_IFLNK ? node->size : 0;
}

/* A pipe without a name has one link all the same. */
static uint64_t shown_links(const struct node *node) {
    return is_pipe(node) && node->links == 0 ? 1 : node->links;
}

static uint64_t shown_blocks(const struct node *node) {
    return node_type(node) == S_IFREG ? page_up(node->size) / BLOCK_UNIT : 0;
}

static long put_stat(const struct node *node, uintptr_t buffer) {
    if (!memory_writable(buffer, sizeof(struct linux_stat)))
        return -EFAULT;
    bool device = node_type(node) == S_IFCHR;
    *(struct linux_stat *)buffer = (struct linux_stat){
        .dev = ROOT_DEVICE,
        .ino = node->number,
        .nlink = shown_links(node),
        .mode = node->mode,
        .uid = node->uid,
        .gid = node->gid,
        .rdev = device ? device_major(node) << 8 | device_minor(node) : 0,
        .size = (int64_t)shown_size(node),
        .blksize = PAGE_SIZE,
        .blocks = (int64_t)shown_blocks(node),
        .atime = node->atime / SECOND,
        .atime_nsec = node->atime % SECOND,
        .mtime = node->mtime / SECOND,
        .mtime_nsec = node->mtime % SECOND,
        .ctime = node->ctime / SECOND,
        .ctime_nsec = node->ctime % SECOND,
    };
    return 0;
}

long call_stat(uintptr_t path, uintptr_t buffer) {
    return call_newfstatat(AT_FDCWD, path, buffer, 0);
}

long call_lstat(uintptr_t path, uintptr_t buffer) {
    return call_newfstatat(AT_FDCWD, path, buffer, AT_SYMLINK_NOFOLLOW);
}

long call_fstat(int fd, uintptr_t buffer) {
    struct file *file = descriptor_file(fd);
    return file == NULL ? -EBADF : put_stat(file->node, buffer);
}

long status_find(int directory, uintptr_t path, long flags, struct node **node) {
    if ((flags & AT_EMPTY_PATH) && (path == 0 || memory_string(path, 1) == 0)) {
        if (directory == AT_FDCWD) {
            *node = path_working;
            return 0;
        }
        struct file *file = descriptor_file(directory);
        if (file == NULL)
            return -EBADF;
        *node = file->node;
        return 0;
    }
    return path_node(directory, path, flags & AT_SYMLINK_NOFOLLOW ? LAST_ITSELF : LAST_FOLLOWED,
                     node);
}

long call_newfstatat(int directory, uintptr_t path, uintptr_t buffer, long flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | 0x800))
        return -EINVAL;
    struct node *node;
    long error = status_find(directory, path, flags, &node);
    return error != 0 ? error : put_stat(node, buffer);
}

static struct linux_statx_time statx_time(uint64_t time) {
    return (struct linux_statx_time){(int64_t)(time / SECOND), (uint32_t)(time % SECOND), 0};
}

long call_statx(int directory, uintptr_t path, long flags, uintptr_t buffer) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | 0x6800))
        return -EINVAL;
    struct node *node;
    long error = status_find(directory, path, flags, &node);
    if (error != 0)
        return error;
    if (!memory_writable(buffer, sizeof(struct linux_statx)))
        return -EFAULT;
    bool device = node_type(node) == S_IFCHR;
    *(struct linux_statx *)buffer = (struct linux_statx){
        .mask = STATX_BASIC_STATS,
        .blksize = PAGE_SIZE,
        .nlink = (uint32_t)shown_links(node),
        .uid = node->uid,
        .gid = node->gid,
        .mode = (uint16_t)node->mode,
        .ino = node->number,
        .size = shown_size(node),
        .blocks = shown_blocks(node),
        .atime = statx_time(node->atime),
        .ctime = statx_time(node->ctime),
        .mtime = statx_time(node->mtime),
        .rdev_major = device ? device_major(node) : 0,
        .rdev_minor = device ? device_minor(node) : 0,
        .dev_minor = ROOT_DEVICE,
    };
    return 0;
}

static long put_statfs(uintptr_t buffer) {
    if (!memory_writable(buffer, sizeof(struct linux_statfs)))
        return -EFAULT;
    uint64_t unused = memory_free() / PAGE_SIZE;
    *(struct linux_statfs *)buffer = (struct linux_statfs){
        .type = TMPFS_MAGIC,
        .bsize = PAGE_SIZE,
        .blocks = memory_total() / PAGE_SIZE,
        .bfree = unused,
        .bavail = unused,
        .files = node_count(),
        .namelen = NAME_MAX,
        .frsize = PAGE_SIZE,
    };
    return 0;
}

long call_statfs(uintptr_t path, uintptr_t buffer) {
    struct node *node;
    long error = path_node(AT_FDCWD, path, LAST_FOLLOWED, &node);
    return error != 0 ? error : put_statfs(buffer);
}

long call_fstatfs(int fd, uintptr_t buffer) {
    return descriptor_file(fd) == NULL ? -EBADF : put_statfs(buffer);
}

/* Root may do all but execute what nobody may. */
long call_faccessat(int directory, uintptr_t path, long mode, long flags) {
    if ((mode & ~7) || (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | 0x200)))
        return -EINVAL;
    struct node *node;
    long error = status_find(directory, path, flags, &node);
    if (error != 0)
        return error;
    bool executable = node_type(node) == S_IFDIR || (node->mode & 0111) != 0;
    return (mode & 1) && !executable ? -EACCES : 0;
}

long call_readlinkat(int directory, uintptr_t path, uintptr_t buffer, int64_t size) {
    if (size <= 0)
        return -EINVAL;
    struct node *node;
    long error = status_find(directory, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, &node);
    if (error != 0)
        return error;
    if (node_type(node) != S_IFLNK)
        return memory_string(path, 1) == 0 ? -ENOENT : -EINVAL;
    uint64_t length = node->size < (uint64_t)size ? node->size : (uint64_t)size;
    if (!memory_writable(buffer, length))
        return -EFAULT;
    memcpy((void *)buffer, node->content.bytes, length);
    return (long)length;
}
