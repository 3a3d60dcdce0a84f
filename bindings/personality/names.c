/*
 * names.c: the calls that open files, and those that change directories.
 */
#include "personality.h"

static uint32_t umask = 022;

long call_umask(uint32_t mask) {
    uint32_t old = umask;
    umask = mask & 0777;
    return old;
}

/* ---- Opening ---- */

/* Makes a regular file of a name that is free. */
static long create(const struct place *place, uint32_t mode, struct node **made) {
    struct node *node = node_make(S_IFREG | (mode & 07777 & ~umask));
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
    return node->device == DEVICE_CONSOLE ? node_console() : node;
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

/* ---- Names ---- */

long call_mkdirat(int directory, uintptr_t path, uint32_t mode) {
    struct place place;
    long error = path_find(directory, path, LAST_NAME, &place);
    if (error != 0)
        return error;
    if (place.node != NULL)
        return -EEXIST;
    if (place.directory->links == 0)
        return -ENOENT;
    struct node *node = node_make(S_IFDIR | (mode & 01777 & ~umask));
    if (node == NULL)
        return -ENOSPC;
    error = directory_add(place.directory, place.name, place.length, node);
    if (error != 0)
        node_settle(node);
    return error;
}

static void take_away(struct node *directory, const char *name, size_t length) {
    struct entry *entry = directory_find(directory, name, length);
    struct node *node = entry->node;
    directory_remove(directory, entry);
    node_settle(node);
}

static long remove_directory(const struct place *place) {
    if (place->length == 0) {
        size_t dots = 0;
        while (place->name[dots] == '.')
            dots++;
        return dots == 1 ? -EINVAL : dots == 2 ? -ENOTEMPTY : -EBUSY;
    }
    if (node_type(place->node) != S_IFDIR)
        return -ENOTDIR;
    if (place->node->directory.first != NULL)
        return -ENOTEMPTY;
    if (place->node == path_working)
        place->node->links = 2;
    take_away(place->directory, place->name, place->length);
    return 0;
}

long call_unlinkat(int directory, uintptr_t path, long flags) {
    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    struct place place;
    long error = path_find(directory, path, LAST_NAME, &place);
    if (error != 0)
        return error;
    if (place.node == NULL)
        return -ENOENT;
    if (flags & AT_REMOVEDIR)
        return remove_directory(&place);
    if (node_type(place.node) == S_IFDIR)
        return -EISDIR;
    if (place.slash)
        return -ENOTDIR;
    take_away(place.directory, place.name, place.length);
    return 0;
}

/* Whether a directory is in another one, or the same. */
static bool is_below(const struct node *node, const struct node *top) {
    for (;; node = node->directory.parent) {
        if (node == top)
            return true;
        if (node == nodes_root || node->directory.parent == NULL)
            return false;
    }
}

/* Whether a file may be moved, and take the place of another: 0 or an error. */
static long check_move(const struct place *source, const struct place *target) {
    const struct node *moved = source->node, *replaced = target->node;
    bool directory = node_type(moved) == S_IFDIR;
    if (!directory && (source->slash || target->slash))
        return -ENOTDIR;
    if (directory && is_below(target->directory, moved))
        return -EINVAL;
    if (replaced == NULL || moved == replaced)
        return 0;
    if (node_type(replaced) == S_IFDIR && is_below(source->directory, replaced))
        return -ENOTEMPTY;
    if (directory && node_type(replaced) != S_IFDIR)
        return -ENOTDIR;
    if (!directory && node_type(replaced) == S_IFDIR)
        return -EISDIR;
    return directory && replaced->directory.first != NULL ? -ENOTEMPTY : 0;
}

#define RENAME_NOREPLACE 1

long call_renameat2(int from, uintptr_t old, int to, uintptr_t new, long flags) {
    if (flags & ~RENAME_NOREPLACE)
        return -EINVAL;
    struct place source, target;
    long error = path_find(from, old, LAST_NAME, &source);
    if (error != 0)
        return error;
    char name[NAME_MAX + 1];
    memcpy(name, source.name, source.length);
    error = path_find(to, new, LAST_NAME, &target);
    if (error != 0)
        return error;
    if (source.length == 0 || target.length == 0)
        return -EBUSY;
    if (source.node == NULL)
        return -ENOENT;
    if (target.node != NULL && (flags & RENAME_NOREPLACE))
        return -EEXIST;
    error = check_move(&source, &target);
    if (error != 0 || source.node == target.node)
        return error;
    if (target.node != NULL)
        take_away(target.directory, target.name, target.length);
    error = directory_add(target.directory, target.name, target.length, source.node);
    if (error == 0)
        directory_remove(source.directory, directory_find(source.directory, name, source.length));
    if (node_type(source.node) == S_IFDIR)
        source.node->directory.parent = target.directory;
    return error;
}

long call_linkat(int from, uintptr_t old, int to, uintptr_t new, long flags) {
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    struct node *node;
    enum last last = flags & AT_SYMLINK_FOLLOW ? LAST_FOLLOWED : LAST_ITSELF;
    long error = path_node(from, old, last, &node);
    struct place target;
    if (error == 0)
        error = path_find(to, new, LAST_NAME, &target);
    if (error != 0)
        return error;
    if (target.node != NULL)
        return -EEXIST;
    if (node_type(node) == S_IFDIR)
        return -EPERM;
    if (target.slash)
        return -ENOENT;
    return directory_add(target.directory, target.name, target.length, node);
}

long call_symlinkat(uintptr_t target, int directory, uintptr_t path) {
    long length = memory_string(target, PATH_MAX);
    if (length < 0)
        return length;
    if (length == 0)
        return -ENOENT;
    struct place place;
    long error = path_find(directory, path, LAST_NAME, &place);
    if (error != 0)
        return error;
    if (place.node != NULL)
        return -EEXIST;
    if (place.slash)
        return -ENOENT;
    struct node *node = node_make(S_IFLNK | 0777);
    if (node == NULL || node_reserve(node, (uint64_t)length) != 0)
        return -ENOSPC;
    memcpy(node->content.bytes, (const void *)target, (size_t)length);
    node->size = (uint64_t)length;
    error = directory_add(place.directory, place.name, place.length, node);
    if (error != 0)
        node_settle(node);
    return error;
}

/* ---- Reading a directory ---- */

struct record {
    uint64_t number;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

#define RECORD_HEADER 19u

/* Appends an entry; false if it does not fit. */
static bool put_record(uintptr_t *out, uintptr_t end, const struct node *node, const char *name,
                       size_t length, uint64_t next) {
    size_t size = (RECORD_HEADER + length + 1 + 7) & -8ul;
    if (end - *out < size)
        return false;
    struct record *record = (void *)*out;
    memset(record, 0, size);
    record->number = node->number;
    record->next = (int64_t)next;
    record->size = (uint16_t)size;
    record->type = (uint8_t)(node_type(node) >> 12);
    memcpy((char *)record + RECORD_HEADER, name, length);
    *out += size;
    return true;
}

/* The offset is 0 at ".", 1 at "..", and then 2 more than the cookie of the entry before. */
long call_getdents64(int fd, uintptr_t buffer, size_t size) {
    struct file *file = descriptor_file(fd);
    if (file == NULL || (file->flags & O_PATH))
        return -EBADF;
    const struct node *node = file->node;
    if (node_type(node) != S_IFDIR)
        return -ENOTDIR;
    if (node->links == 0)
        return -ENOENT;
    if (!memory_writable(buffer, size))
        return -EFAULT;
    uintptr_t out = buffer, end = buffer + size;
    bool fits = true;
    if (file->offset == 0 && (fits = put_record(&out, end, node, ".", 1, 1)))
        file->offset = 1;
    if (fits && file->offset == 1 &&
        (fits = put_record(&out, end, node->directory.parent, "..", 2, 2)))
        file->offset = 2;
    const struct entry *entry = node->directory.first;
    for (; fits && entry != NULL; entry = entry->next) {
        if (entry->cookie + 2 <= file->offset)
            continue;
        fits = put_record(&out, end, entry->node, entry->name, entry->length, entry->cookie + 2);
        if (fits)
            file->offset = entry->cookie + 2;
    }
    return out == buffer && !fits ? -EINVAL : (long)(out - buffer);
}
