/*
 * names.c: the calls that change directories.
 */
#include "names.h"

#include "heap.h"
#include "opening.h"
#include "pages.h"
#include "paths.h"

long call_mkdirat(int directory, uintptr_t path, uint32_t mode) {
    struct place place;
    long error = path_new(directory, path, S_IFDIR, &place);
    if (error != 0)
        return error;
    struct node *node = node_make(S_IFDIR | (mode & 01777 & ~file_mask));
    if (node == NULL)
        return -ENOSPC;
    error = directory_add(place.directory, place.name, place.length, node);
    if (error != 0)
        node_settle(node);
    return error;
}

static void take_away(struct node *directory, const char *name, size_t length) {
    directory_drop(directory, directory_find(directory, name, length));
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

#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE  2

/* Whether two files may have each other's places: 0 or an error. */
static long check_exchange(const struct place *source, const struct place *target) {
    if (target->node == NULL)
        return -ENOENT;
    bool first = node_type(source->node) == S_IFDIR, second = node_type(target->node) == S_IFDIR;
    if ((!second && target->slash) || (!first && source->slash))
        return -ENOTDIR;
    bool within = (first && is_below(target->directory, source->node)) ||
                  (second && is_below(source->directory, target->node));
    return within ? -EINVAL : 0;
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

/* Finds what is to be renamed, and whether it may be: 0 or an error. */
static long check_rename(const struct place *source, const struct place *target, long flags) {
    if (source->length == 0)
        return -EBUSY;
    if (target->length == 0)
        return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (source->node == NULL)
        return -ENOENT;
    if (target->node != NULL && (flags & RENAME_NOREPLACE))
        return -EEXIST;
    return flags & RENAME_EXCHANGE ? check_exchange(source, target) : check_move(source, target);
}

static void exchange(struct entry *one, struct node *in, struct entry *other, struct node *also) {
    struct node *node = one->node;
    directory_put(in, one, other->node);
    directory_put(also, other, node);
}

long call_renameat2(int from, uintptr_t old, int to, uintptr_t new, long flags) {
    if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
        flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    struct place source, target;
    long error = path_find(from, old, LAST_NAME, &source);
    if (error != 0)
        return error;
    char name[NAME_MAX + 1];
    memcpy(name, source.name, source.length);
    error = path_find(to, new, LAST_NAME, &target);
    if (error == 0)
        error = check_rename(&source, &target, flags);
    if (error != 0 || source.node == target.node)
        return error;
    struct entry *replaced = directory_find(target.directory, target.name, target.length);
    struct entry *entry = directory_find(source.directory, name, source.length);
    if (flags & RENAME_EXCHANGE) {
        exchange(entry, source.directory, replaced, target.directory);
        return 0;
    }
    if (replaced != NULL)
        directory_drop(target.directory, replaced);
    error = directory_add(target.directory, target.name, target.length, source.node);
    if (error == 0)
        directory_remove(source.directory, entry);
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
        error = path_new(to, new, S_IFREG, &target);
    if (error != 0)
        return error;
    if (node_type(node) == S_IFDIR)
        return -EPERM;
    return directory_add(target.directory, target.name, target.length, node);
}

long call_symlinkat(uintptr_t target, int directory, uintptr_t path) {
    long length = memory_string(target, PATH_MAX);
    if (length < 0)
        return length;
    if (length == 0)
        return -ENOENT;
    struct place place;
    long error = path_new(directory, path, S_IFLNK, &place);
    if (error != 0)
        return error;
    struct node *node = node_make(S_IFLNK | 0777);
    if (node == NULL)
        return -ENOSPC;
    if (node_reserve(node, (uint64_t)length) != 0) {
        node_settle(node);
        return -ENOSPC;
    }
    memcpy(node->content.bytes, (const void *)target, (size_t)length);
    node->size = (uint64_t)length;
    error = directory_add(place.directory, place.name, place.length, node);
    if (error != 0)
        node_settle(node);
    return error;
}
