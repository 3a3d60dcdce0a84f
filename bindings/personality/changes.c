/*
 * changes.c: what can be changed of files but their content.
 */
#include "changes.h"

#include "clock.h"
#include "descriptors.h"
#include "pages.h"
#include "paths.h"
#include "status.h"

static long change_mode(struct node *node, uint32_t mode) {
    if (node_type(node) == S_IFLNK)
        return -EOPNOTSUPP;
    node->mode = node_type(node) | (mode & 07777);
    node->ctime = clock_now();
    return 0;
}

long call_fchmodat(int directory, uintptr_t path, uint32_t mode) {
    struct node *node;
    long error = path_node(directory, path, LAST_FOLLOWED, &node);
    return error != 0 ? error : change_mode(node, mode);
}

long call_fchmod(int fd, uint32_t mode) {
    struct file *file = descriptor_opened(fd);
    return file == NULL ? -EBADF : change_mode(file->node, mode);
}

static long change_owner(struct node *node, uint32_t uid, uint32_t gid) {
    if (uid != ~0u)
        node->uid = uid;
    if (gid != ~0u)
        node->gid = gid;
    node->ctime = clock_now();
    return 0;
}

long call_fchownat(int directory, uintptr_t path, uint32_t uid, uint32_t gid, long flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    struct node *node;
    long error = status_find(directory, path, flags, &node);
    return error != 0 ? error : change_owner(node, uid, gid);
}

long call_fchown(int fd, uint32_t uid, uint32_t gid) {
    struct file *file = descriptor_opened(fd);
    return file == NULL ? -EBADF : change_owner(file->node, uid, gid);
}

/* Sets a time as utimensat() is asked to: 0 or an error. */
static long set_time(const struct linux_timespec *given, uint64_t now, uint64_t *time) {
    if (given->nanoseconds == UTIME_OMIT)
        return 0;
    if (given->nanoseconds == UTIME_NOW) {
        *time = now;
        return 0;
    }
    if (given->nanoseconds < 0 || given->nanoseconds >= (int64_t)SECOND)
        return -EINVAL;
    *time = (uint64_t)given->seconds * SECOND + (uint64_t)given->nanoseconds;
    return 0;
}

static long set_times(struct node *node, const struct linux_timespec given[2]) {
    uint64_t now = clock_now(), atime = node->atime, mtime = node->mtime;
    if (set_time(&given[0], now, &atime) != 0 || set_time(&given[1], now, &mtime) != 0)
        return -EINVAL;
    node->atime = atime;
    node->mtime = mtime;
    node->ctime = now;
    return 0;
}

static const struct linux_timespec both_now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};

long call_utimensat(int directory, uintptr_t path, uintptr_t times, long flags) {
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (times != 0 && !memory_readable(times, sizeof both_now))
        return -EFAULT;
    struct node *node;
    /* Without a path the descriptor is meant. */
    long error = status_find(directory, path, path == 0 ? flags | AT_EMPTY_PATH : flags, &node);
    return error != 0 ? error : set_times(node, times == 0 ? both_now : (const void *)times);
}

long call_futimesat(int directory, uintptr_t path, uintptr_t times) {
    struct linux_timespec given[2] = {both_now[0], both_now[1]};
    if (times != 0 && !memory_readable(times, 2 * sizeof(struct linux_timeval)))
        return -EFAULT;
    const struct linux_timeval *read = (const void *)times;
    for (int which = 0; which < 2 && times != 0; which++) {
        if (read[which].microseconds < 0 || read[which].microseconds > 999999)
            return -EINVAL;
        given[which] =
            (struct linux_timespec){read[which].seconds, read[which].microseconds * 1000};
    }
    struct node *node;
    long error = status_find(directory, path, path == 0 ? AT_EMPTY_PATH : 0, &node);
    return error != 0 ? error : set_times(node, given);
}

long call_utime(uintptr_t path, uintptr_t times) {
    if (times != 0 && !memory_readable(times, 16))
        return -EFAULT;
    const int64_t *read = (const void *)times;
    struct node *node;
    long error = path_node(AT_FDCWD, path, LAST_FOLLOWED, &node);
    if (error != 0)
        return error;
    if (times == 0)
        return set_times(node, both_now);
    const struct linux_timespec given[2] = {{read[0], 0}, {read[1], 0}};
    return set_times(node, given);
}
