/*
 * opening.c: the calls that open files.
 */
#include "opening.h"

#include "blocks.h"
#include "descriptors.h"
#include "devices.h"
#include "end.h"
#include "pages.h"
#include "paths.h"
#include "pipes.h"
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

/* Opening one end of a pipe with a name waits for the other one. */
static long check_pipe(const struct node *node, uint32_t flags) {
    bool reads = (flags & O_ACCMODE) == O_RDONLY;
    if ((flags & O_ACCMODE) == O_RDWR || (reads ? node->pipe.writers : node->pipe.readers) > 0)
        return 0;
    if (flags & O_NONBLOCK)
        return reads ? 0 : -ENXIO;
    process_end_waiting("it opens a pipe whose other end nobody opens");
}

/* What happens when a file is opened, which may come to be another one: 0 or an error. */
static long prepare(struct node **opened, uint32_t flags) {
    struct node *node = *opened;
    switch (node_type(node)) {
    case S_IFREG:
        if (node->content.refresh != NULL)
            node->content.refresh(node);
        return 0;
    case S_IFBLK:
        return block_open(node);
    case S_IFCHR:
        if (node->device == DEVICE_READY)
            ready_mark();
        if (node->device == DEVICE_CONSOLE)
            *opened = devices_console();
        return *opened == NULL ? -ENOMEM : 0;
    case S_IFIFO:
        return is_pipe(node) ? check_pipe(node, flags) : 0;
    default:
        return 0;
    }
}

/* Opens a file that has no name. */
static long open_made(uint32_t flags, uint32_t mode) {
    struct node *node = node_make(S_IFREG | mode);
    if (node == NULL)
        return -ENOMEM;
    return descriptor_open(node, flags);
}

static long open_unnamed(int directory, uintptr_t path, uint32_t flags, uint32_t mode) {
    struct node *node;
    long error = path_node(directory, path, LAST_FOLLOWED, &node);
    if (error != 0)
        return error;
    if (node_type(node) != S_IFDIR)
        return -ENOTDIR;
    if (!(flags & O_DIRECTORY) || (flags & O_CREAT) || (flags & O_ACCMODE) == O_RDONLY)
        return -EINVAL;
    return open_made(flags & ~O_TMPFILE, mode & 07777 & ~file_mask);
}

#define MFD_CLOEXEC 1u
#define MFD_FLAGS   0x1fu

long call_memfd_create(uintptr_t name, uint32_t flags) {
    if (flags & ~MFD_FLAGS)
        return -EINVAL;
    long length = memory_string(name, NAME_MAX - 5);
    if (length < 0)
        return length == -ENAMETOOLONG ? -EINVAL : length;
    return open_made(O_RDWR | O_LARGEFILE | (flags & MFD_CLOEXEC ? O_CLOEXEC : 0), 0777);
}

long call_mknodat(int directory, uintptr_t path, uint32_t mode) {
    uint32_t type = mode & S_IFMT;
    if (type == S_IFCHR || type == S_IFBLK)
        return -EPERM;
    if (type != 0 && type != S_IFREG && type != S_IFIFO)
        return type == S_IFDIR ? -EPERM : -EINVAL;
    struct place place;
    long error = path_new(directory, path, S_IFREG, &place);
    if (error != 0)
        return error;
    struct node *node;
    error = create(&place, mode, &node);
    if (error == 0 && type == S_IFIFO) {
        node->mode = S_IFIFO | (node->mode & 07777);
        node->device = DEVICE_PIPE;
    }
    return error;
}

long call_openat(int directory, uintptr_t path, uint32_t flags, uint32_t mode) {
    if (flags & O_PATH)
        flags &= PATH_FLAGS;
    if (flags & O_TMPFILE & ~O_DIRECTORY)
        return open_unnamed(directory, path, flags, mode);
    if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
        return -EINVAL;
    struct node *node;
    long error = find_or_create(directory, path, &flags, mode, &node);
    if (error != 0)
        return error;
    if (!(flags & O_PATH) && (error = prepare(&node, flags)) != 0)
        return error;
    long fd = descriptor_open(node, flags);
    if (fd >= 0 && (flags & O_TRUNC) && node_type(node) == S_IFREG)
        node_resize(node, 0);
    return fd;
}
