/*
 * nodes.c: the file system's tree, in memory. It begins as what the image holds. A file's content
 * stays in the image, which cannot be written, until the program writes to the file.
 */
#include "nodes.h"

#include "clock.h"
#include "heap.h"
#include "pages.h"

struct node *nodes_root;

static uint64_t last_number;

uint64_t node_count(void) {
    return last_number;
}

struct node *node_make(uint32_t mode) {
    struct node *node = heap_allocate(sizeof *node);
    if (node == NULL)
        return NULL;
    node->mode = mode;
    node->number = ++last_number;
    node->atime = node->mtime = node->ctime = clock_now();
    return node;
}

void node_settle(struct node *node) {
    if (node->links > 0 || node->opened > 0)
        return;
    uint32_t type = node_type(node);
    if ((type == S_IFREG || type == S_IFLNK) && node->content.capacity > 0)
        heap_free(node->content.bytes, node->content.capacity);
    struct node *parent = type == S_IFDIR ? node->directory.parent : NULL;
    heap_free(node, sizeof *node);
    if (parent == NULL)
        return;
    parent->opened--;
    node_settle(parent);
}

struct entry *directory_find(const struct node *directory, const char *name, size_t length) {
    for (struct entry *entry = directory->directory.first; entry != NULL; entry = entry->next) {
        if (entry->length == length && memcmp(entry->name, name, length) == 0)
            return entry;
    }
    return NULL;
}

long directory_add(struct node *directory, const char *name, size_t length, struct node *node) {
    /* Nothing is put into a directory that was removed. */
    if (directory->links == 0)
        return -ENOENT;
    struct entry *entry = heap_allocate(sizeof *entry + length + 1);
    if (entry == NULL)
        return -ENOMEM;
    entry->node = node;
    entry->length = length;
    memcpy(entry->name, name, length);
    entry->cookie = ++directory->directory.next;
    if (directory->directory.last == NULL)
        directory->directory.first = entry;
    else
        directory->directory.last->next = entry;
    directory->directory.last = entry;
    node->links++;
    if (node_type(node) == S_IFDIR) {
        node->links++; /* Its own "." */
        node->directory.parent = directory;
        directory->links++;
    }
    directory->mtime = directory->ctime = node->ctime = clock_now();
    return 0;
}

void directory_remove(struct node *directory, struct entry *entry) {
    struct entry **link = &directory->directory.first, *before = NULL;
    while (*link != entry) {
        before = *link;
        link = &before->next;
    }
    *link = entry->next;
    if (directory->directory.last == entry)
        directory->directory.last = before;
    struct node *node = entry->node;
    node->links--;
    if (node_type(node) == S_IFDIR) {
        node->links--;
        directory->links--;
    }
    directory->mtime = directory->ctime = node->ctime = clock_now();
    heap_free(entry, sizeof *entry + entry->length + 1);
}

void directory_put(struct node *directory, struct entry *entry, struct node *node) {
    if (node_type(entry->node) == S_IFDIR)
        directory->links--;
    entry->node = node;
    if (node_type(node) == S_IFDIR) {
        directory->links++;
        node->directory.parent = directory;
    }
    directory->mtime = directory->ctime = node->ctime = clock_now();
}

void directory_drop(struct node *directory, struct entry *entry) {
    struct node *node = entry->node;
    directory_remove(directory, entry);
    /* As long as a directory is there, so is the one that ".." in it leads to. */
    if (node_type(node) == S_IFDIR)
        directory->opened++;
    node_settle(node);
}

/* Gives a file memory of its own, of this size: 0 or -ENOSPC. */
static long move_content(struct node *node, size_t capacity) {
    uint8_t *bytes = heap_allocate(capacity);
    if (bytes == NULL)
        return -ENOSPC;
    memcpy(bytes, node->content.bytes, node->size);
    if (node->content.capacity > 0)
        heap_free(node->content.bytes, node->content.capacity);
    node->content.bytes = bytes;
    node->content.capacity = capacity;
    return 0;
}

/* Makes more room behind content that has to stay where it is. */
static long extend_content(struct node *node, uint64_t size) {
    size_t more = page_up(size) - node->content.capacity;
    size_t end = page_of((uintptr_t)node->content.bytes + node->content.capacity);
    if (!pages_are_free(end, more / PAGE_SIZE))
        return -ENOSPC;
    pages_claim(end, more / PAGE_SIZE, OWN);
    node->content.capacity += more;
    return 0;
}

long node_reserve(struct node *node, uint64_t size) {
    if (node->content.capacity >= size && node->content.capacity > 0)
        return 0;
    if (size > memory_total())
        return -ENOSPC;
    if (node->mapped > 0)
        return extend_content(node, size);
    size_t wanted = node->content.capacity * 2;
    if (wanted < size)
        wanted = size;
    if (wanted < node->size)
        wanted = node->size;
    if (wanted > 2048)
        wanted = page_up(wanted);
    return move_content(node, wanted < 64 ? 64 : wanted);
}

/* Room for a file to grow while it is mapped, in bytes. */
#define GROWTH (1ul << 20)

long node_share(struct node *node, uint64_t size) {
    if (node->mapped > 0)
        return node_reserve(node, size);
    size_t capacity = node->content.capacity;
    size_t wanted = page_up(size > node->size ? size : node->size);
    if (capacity >= wanted + GROWTH || move_content(node, wanted + GROWTH) == 0)
        return 0;
    return capacity >= PAGE_SIZE && capacity >= wanted ? 0 : move_content(node, wanted);
}

long node_resize(struct node *node, uint64_t size) {
    if (size > node->size) {
        long error = node_reserve(node, size);
        if (error != 0)
            return error;
    } else if (node->content.capacity > 0)
        memset(node->content.bytes + size, 0, node->size - size);
    node->size = size;
    node->mtime = node->ctime = clock_now();
    return 0;
}
