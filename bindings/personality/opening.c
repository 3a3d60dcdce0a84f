/*
 * opening.c: the calls that open files.
 */
#include "opening.h"

#include "descriptors.h"
#include "devices.h"
#include "paths.h"
#include "ready.h"

uint32_t file_mask = 022;

long call_umask(uint32_t mask) {
    uint32_t old = file_mask;
    file_mask = mask & 0777;
    return old;
}

/* Makes a regular file of a name that is free. */
static long create(const struct place *place, uint32_t mode, struct node **made) {
    struct node *node = node_make(S_IFREG | (mode & 07777 & ~file_mask));
    if (node == NULL)
        return -ENOSPC;
    long error = directory_add(place->directory, place->name, place->length, node);
    if (error != 0)
        node_settle(node);
    *made = node;
    return error;
}

/* Whether an existing file can be opened so: 0 or an error. */
static long check_open(const struct node *node, uint32_t flags) {
    uint32_t type = node_type(node);
    if ((flags & O_DIRECTORY) && type != S_IFDIR)
        return -ENOTDIR;
    if (type == S_IFLNK && !(flags & O_PATH))
        return -ELOOP;
    bool changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (type == S_IFDIR && changes && !(flags & O_PATH))
        return -EISDIR;
    /* What the personality makes itself cannot be written. */
    return type == S_IFREG && changes && node->content.refresh != NULL ? -EACCES : 0;
}

/* All that counts with O_PATH. */
#define PATH_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Finds what is to be opened, and creates it if need be: 0 or an error. */
static long find_or_create(int directory, uintptr_t path, uint32_t *flags, uint32_t mode,
                           struct node **node) {
    bool creates = (*flags & O_CREAT) != 0, exclusive = creates && (*flags & O_EXCL);
    struct place place;
    if (creates) {
        long error = path_find(directory, path, LAST_NAME, &place);
        if (error != 0)
            return error;
        if (place.slash)
            return -EISDIR;
    }
    enum last last = exclusive || (*flags & O_NOFOLLOW) ? LAST_ITSELF : LAST_FOLLOWED;
    long error = path_find(directory, path, last, &place);
    if (error != 0)
        return error;
    if (place.node == NULL) {
        if (!creates)
            return -ENOENT;
        *flags &= ~O_TRUNC;
        return create(&place, mode, node);
    }
    *node = place.node;
    return exclusive ? -EEXIST : check_open(place.node, *flags);
}

/* What happens when a file is opened; the node that is opened. */
static struct node *prepare(struct node *node) {
    if (node_type(node) == S_IFREG && node->content.refresh != NULL)
        node->content.refresh(node);
    if (node_type(node) != S_IFCHR)
        return node;
    if (node->device == DEVICE_READY)
        ready_mark();
    return node->device == DEVICE_CONSOLE ? devices_console() : node;
}

long call_openat(int directory, uintptr_t path, uint32_t flags, uint32_t mode) {
    if (flags & O_PATH)
        flags &= PATH_FLAGS;
    if (flags & O_TMPFILE)
        return -EOPNOTSUPP;
    if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
        return -EINVAL;
    struct node *node;
    long error = find_or_create(directory, path, &flags, mode, &node);
    if (error != 0)
        return error;
    if (!(flags & O_PATH))
        node = prepare(node);
    long fd = descriptor_open(node, flags);
    if (fd >= 0 && (flags & O_TRUNC) && node_type(node) == S_IFREG)
        node_resize(node, 0);
    return fd;
}
