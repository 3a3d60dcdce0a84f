/*
 * paths.c: where a path leads, over directories and symbolic links.
 */
#include "paths.h"

#include "descriptors.h"
#include "pages.h"

struct node *path_working;

/* A walk along a path. The rest of the path is in a buffer, into which links are put. */
struct walk {
    struct node *at;
    int links; /* How many symbolic links it has followed. */
    char *rest;
};

static char buffer[2 * PATH_MAX + 2];

/* Where a walk begins: the root, the working directory, or that of a descriptor. */
static long beginning(int directory, const char *path, struct node **node) {
    if (*path == '/') {
        *node = nodes_root;
        return 0;
    }
    if (directory == AT_FDCWD) {
        *node = path_working;
        return 0;
    }
    struct file *file = descriptor_file(directory);
    if (file == NULL)
        return -EBADF;
    *node = file->node;
    return node_type(file->node) == S_IFDIR ? 0 : -ENOTDIR;
}

/* Puts the target of a link in front of the rest of the path. */
static long follow(struct walk *walk, struct node *directory, const struct node *link) {
    if (++walk->links > MOST_LINKS)
        return -ELOOP;
    if (link->size == 0)
        return -ENOENT;
    size_t rest = strlen(walk->rest);
    if (link->size + rest >= PATH_MAX)
        return -ENAMETOOLONG;
    memmove(buffer + link->size, walk->rest, rest + 1);
    memcpy(buffer, link->content.bytes, link->size);
    walk->rest = buffer;
    walk->at = *buffer == '/' ? nodes_root : directory;
    return 0;
}

static char *skip_slashes(char *path) {
    while (*path == '/')
        path++;
    return path;
}

/*
 * Goes along the path to its last name. What is behind the slashes that end it is no name, but then
 * the last name stands for a directory.
 */
static long go(struct walk *walk, enum last wanted, struct place *place) {
    for (;;) {
        char *name = skip_slashes(walk->rest);
        size_t length = 0;
        while (name[length] != 0 && name[length] != '/')
            length++;
        walk->rest = name + length;
        char *next = skip_slashes(walk->rest);
        bool last = *next == 0;
        if (length > NAME_MAX)
            return -ENAMETOOLONG;
        if (node_type(walk->at) != S_IFDIR)
            return -ENOTDIR;
        struct node *directory = walk->at;
        *place = (struct place){directory, name, length, NULL, *walk->rest == '/'};
        if (length == 0 || (length == 1 && name[0] == '.'))
            place->node = directory;
        else if (length == 2 && name[0] == '.' && name[1] == '.')
            place->node = directory->directory.parent;
        else {
            struct entry *entry = directory_find(directory, name, length);
            if (entry == NULL)
                return last ? 0 : -ENOENT;
            place->node = entry->node;
            if (last && wanted == LAST_NAME)
                return 0;
            if (node_type(entry->node) == S_IFLNK &&
                (!last || wanted == LAST_FOLLOWED || place->slash)) {
                long error = follow(walk, directory, entry->node);
                if (error != 0)
                    return error;
                continue;
            }
            walk->at = place->node;
            if (last)
                return place->slash && node_type(place->node) != S_IFDIR ? -ENOTDIR : 0;
            continue;
        }
        walk->at = place->node;
        if (last) {
            place->length = 0;
            return 0;
        }
    }
}

long path_find(int directory, uintptr_t path, enum last last, struct place *place) {
    long length = memory_string(path, PATH_MAX);
    if (length < 0)
        return length;
    if (length == 0)
        return -ENOENT;
    struct walk walk = {.rest = buffer};
    long error = beginning(directory, (const char *)path, &walk.at);
    if (error != 0)
        return error;
    memcpy(buffer, (const void *)path, (size_t)length + 1);
    return go(&walk, last, place);
}

long path_new(int directory, uintptr_t path, uint32_t type, struct place *place) {
    long error = path_find(directory, path, LAST_NAME, place);
    if (error != 0)
        return error;
    if (place->node != NULL)
        return -EEXIST;
    return place->slash && type != S_IFDIR ? -ENOENT : 0;
}

long path_node(int directory, uintptr_t path, enum last last, struct node **node) {
    struct place place;
    long error = path_find(directory, path, last, &place);
    if (error != 0)
        return error;
    *node = place.node;
    return place.node == NULL ? -ENOENT : 0;
}

/* ---- The working directory ---- */

void paths_start(void) {
    path_working = nodes_root;
    nodes_root->opened++;
}

static const char *name_in(const struct node *directory, const struct node *node) {
    const struct entry *entry = directory->directory.first;
    while (entry != NULL && entry->node != node)
        entry = entry->next;
    return entry == NULL ? NULL : entry->name;
}

long call_getcwd(uintptr_t result, size_t size) {
    static char path[PATH_MAX];
    char *start = path + sizeof path - 1;
    *start = 0;
    for (const struct node *node = path_working; node != nodes_root;
         node = node->directory.parent) {
        const char *name = name_in(node->directory.parent, node);
        if (name == NULL)
            return -ENOENT; /* It was removed. */
        size_t length = strlen(name);
        if ((size_t)(start - path) < length + 1)
            return -ENAMETOOLONG;
        start -= length;
        memcpy(start, name, length);
        *--start = '/';
    }
    if (*start == 0)
        *--start = '/';
    size_t length = (size_t)(path + sizeof path - start);
    if (size < length)
        return -ERANGE;
    if (!memory_writable(result, length))
        return -EFAULT;
    memcpy((void *)result, start, length);
    return (long)length;
}

static long work_in(struct node *node) {
    if (node_type(node) != S_IFDIR)
        return -ENOTDIR;
    struct node *old = path_working;
    node->opened++;
    path_working = node;
    old->opened--;
    node_settle(old);
    return 0;
}

long call_chdir(uintptr_t path) {
    struct node *node;
    long error = path_node(AT_FDCWD, path, LAST_FOLLOWED, &node);
    return error != 0 ? error : work_in(node);
}

long call_fchdir(int fd) {
    struct file *file = descriptor_file(fd);
    return file == NULL ? -EBADF : work_in(file->node);
}
