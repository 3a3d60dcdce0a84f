/*
 * descriptors.c: open files and the descriptors that stand for them.
 */
#include "descriptors.h"

#include "heap.h"
#include "pages.h"
#include "pipes.h"

static struct {
    struct file *file;
    bool close_on_exec;
} table[DESCRIPTORS];

int descriptor_limit = DESCRIPTORS;

struct file *descriptor_file(int fd) {
    return fd >= 0 && fd < DESCRIPTORS ? table[fd].file : NULL;
}

struct file *descriptor_opened(int fd) {
    struct file *file = descriptor_file(fd);
    return file == NULL || (file->flags & O_PATH) ? NULL : file;
}

long descriptor_add(struct file *file, int least, bool close_on_exec) {
    for (int fd = least; fd < descriptor_limit; fd++) {
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
    if (is_pipe(file->node) && !(file->flags & O_PATH))
        pipe_close(file->node, file->flags);
    file->node->opened--;
    node_settle(file->node);
    heap_free(file, sizeof *file);
}

/* Begins an open file, which nothing refers to yet; NULL without memory. */
static struct file *begin(struct node *node, uint32_t flags) {
    struct file *file = heap_allocate(sizeof *file);
    if (file == NULL)
        return NULL;
    file->node = node;
    file->flags = flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC);
    if (is_pipe(node) && !(flags & O_PATH) && !pipe_open(node, flags)) {
        heap_free(file, sizeof *file);
        return NULL;
    }
    node->opened++;
    return file;
}

long descriptor_open(struct node *node, uint32_t flags) {
    struct file *file = begin(node, flags);
    if (file == NULL) {
        node_settle(node);
        return -ENOMEM;
    }
    long fd = descriptor_add(file, 0, (flags & O_CLOEXEC) != 0);
    if (fd < 0) {
        file->references = 1;
        let_go(file);
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
    if (file == NULL || target < 0 || target >= descriptor_limit)
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

void descriptor_set_close(int fd, bool close_on_exec) {
    table[fd].close_on_exec = close_on_exec;
}

#define CLOSE_RANGE_CLOEXEC 4u

long call_close_range(uint32_t first, uint32_t last, uint32_t flags) {
    if (first > last || (flags & ~(CLOSE_RANGE_CLOEXEC | 2)))
        return -EINVAL;
    for (uint32_t fd = first; fd <= last && fd < DESCRIPTORS; fd++) {
        if (flags & CLOSE_RANGE_CLOEXEC)
            table[fd].close_on_exec = true;
        else
            call_close((int)fd);
    }
    return 0;
}

long call_pipe2(uintptr_t fds, uint32_t flags) {
    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    if (!memory_writable(fds, 8))
        return -EFAULT;
    struct node *node = pipe_make();
    if (node == NULL)
        return -ENOMEM;
    long first = descriptor_open(node, O_RDONLY | flags);
    if (first < 0)
        return first;
    long second = descriptor_open(node, O_WRONLY | flags);
    if (second < 0) {
        call_close((int)first);
        return second;
    }
    ((int32_t *)fds)[0] = (int32_t)first;
    ((int32_t *)fds)[1] = (int32_t)second;
    return 0;
}

/* What F_SETFL can change. */
#define STATUS_FLAGS (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

long call_fcntl(int fd, int command, uint64_t argument) {
    struct file *file = descriptor_file(fd);
    if (file == NULL)
        return -EBADF;
    bool about_descriptor = command == F_DUPFD || command == F_DUPFD_CLOEXEC ||
                            command == F_GETFD || command == F_SETFD || command == F_GETFL;
    if ((file->flags & O_PATH) && !about_descriptor)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (argument >= (uint64_t)descriptor_limit)
            return -EINVAL;
        return descriptor_add(file, (int)argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return table[fd].close_on_exec;
    case F_SETFD:
        table[fd].close_on_exec = argument & 1;
        return 0;
    case F_GETFL:
        return file->flags |
               (node_type(file->node) == S_IFIFO || (file->flags & O_PATH) ? 0 : O_LARGEFILE);
    case F_SETFL:
        file->flags = (file->flags & ~STATUS_FLAGS) | ((uint32_t)argument & STATUS_FLAGS);
        return 0;
    case F_GETLK:
    case F_OFD_GETLK:
        /* Nobody else could hold a lock: l_type becomes F_UNLCK. */
        if (!memory_writable(argument, 32))
            return -EFAULT;
        *(int16_t *)argument = 2;
        return 0;
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return memory_readable(argument, 32) ? 0 : -EFAULT;
    case F_SETOWN:
    case F_GETOWN:
        return 0;
    case F_SETPIPE_SZ:
    case F_GETPIPE_SZ:
        return node_type(file->node) == S_IFIFO ? (long)PIPE_CAPACITY : -EBADF;
    default:
        return -EINVAL;
    }
}
