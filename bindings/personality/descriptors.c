/*
 * descriptors.c: open files and the descriptors that stand for them.
 */
#include "descriptors.h"

#include "heap.h"
#include "pages.h"

static struct {
    struct file *file;
    bool close_on_exec;
} table[DESCRIPTORS];

struct file *descriptor_file(int fd) {
    return fd >= 0 && fd < DESCRIPTORS ? table[fd].file : NULL;
}

long descriptor_add(struct file *file, int least, bool close_on_exec) {
    for (int fd = least; fd < DESCRIPTORS; fd++) {
        if (table[fd].file != NULL)
            continue;
        table[fd].file = file;
        table[fd].close_on_exec = close_on_exec;
        file->references++;
        return fd;
    }
    return -EMFILE;
}

static void let_go(struct file *file) {
    if (--file->references > 0)
        return;
    file->node->opened--;
    node_settle(file->node);
    heap_free(file, sizeof *file);
}

long descriptor_open(struct node *node, uint32_t flags) {
    struct file *file = heap_allocate(sizeof *file);
    if (file == NULL)
        return -ENOMEM;
    file->node = node;
    file->flags = flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC);
    node->opened++;
    long fd = descriptor_add(file, 0, (flags & O_CLOEXEC) != 0);
    if (fd < 0) {
        node->opened--;
        heap_free(file, sizeof *file);
    }
    return fd;
}

long call_close(int fd) {
    struct file *file = descriptor_file(fd);
    if (file == NULL)
        return -EBADF;
    table[fd].file = NULL;
    let_go(file);
    return 0;
}

long call_dup(int fd) {
    struct file *file = descriptor_file(fd);
    return file == NULL ? -EBADF : descriptor_add(file, 0, false);
}

static long duplicate(int fd, int target, bool close_on_exec) {
    struct file *file = descriptor_file(fd);
    if (file == NULL || target < 0 || target >= DESCRIPTORS)
        return -EBADF;
    file->references++;
    if (table[target].file != NULL)
        let_go(table[target].file);
    table[target].file = file;
    table[target].close_on_exec = close_on_exec;
    return target;
}

long call_dup2(int fd, int target) {
    if (fd == target)
        return descriptor_file(fd) == NULL ? -EBADF : fd;
    return duplicate(fd, target, false);
}

long call_dup3(int fd, int target, long flags) {
    if (fd == target || (flags & ~(long)O_CLOEXEC))
        return -EINVAL;
    return duplicate(fd, target, flags != 0);
}

/* What F_SETFL can change. */
#define STATUS_FLAGS (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

long call_fcntl(int fd, int command, uint64_t argument) {
    struct file *file = descriptor_file(fd);
    if (file == NULL)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (argument >= DESCRIPTORS)
            return -EINVAL;
        return descriptor_add(file, (int)argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return table[fd].close_on_exec;
    case F_SETFD:
        table[fd].close_on_exec = argument & 1;
        return 0;
    case F_GETFL:
        return file->flags | (node_type(file->node) == S_IFIFO ? 0 : O_LARGEFILE);
    case F_SETFL:
        file->flags = (file->flags & ~STATUS_FLAGS) | ((uint32_t)argument & STATUS_FLAGS);
        return 0;
    case F_GETLK:
        /* Nobody else could hold a lock: l_type becomes F_UNLCK. */
        if (!memory_writable(argument, 32))
            return -EFAULT;
        *(int16_t *)argument = 2;
        return 0;
    case F_SETLK:
    case F_SETLKW:
        return memory_readable(argument, 32) ? 0 : -EFAULT;
    default:
        return -EINVAL;
    }
}
