/*
 * sharing.c: mappings that share memory with a file. Such a mapping is the memory that the file's
 * content is in, so where it lies is not the program's choice, and the content stays there.
 */
#include "sharing.h"

#include "heap.h"
#include "pages.h"

/* A mapping. Two of the same part of a file have the same pages. */
struct mapping {
    struct mapping *next;
    struct node *node;
    size_t page, end;
};

static struct mapping *mappings;

static bool add(struct node *node, size_t page, size_t end) {
    struct mapping *mapping = heap_allocate(sizeof *mapping);
    if (mapping == NULL)
        return false;
    *mapping = (struct mapping){mappings, node, page, end};
    mappings = mapping;
    node->mapped++;
    node->opened++;
    return true;
}

static void drop(struct mapping *dropped) {
    struct mapping **link = &mappings;
    while (*link != dropped)
        link = &(*link)->next;
    *link = dropped->next;
    struct node *node = dropped->node;
    heap_free(dropped, sizeof *dropped);
    node->mapped--;
    node->opened--;
    node_settle(node);
}

static struct mapping *find(size_t page) {
    struct mapping *mapping = mappings;
    while (mapping != NULL && (page < mapping->page || page >= mapping->end))
        mapping = mapping->next;
    return mapping;
}

long sharing_map(struct node *node, size_t size, uint64_t offset, uint8_t state) {
    if (offset + size < offset || offset + size > memory_total())
        return -ENOMEM;
    if (node_share(node, offset + size) != 0)
        return -ENOMEM;
    uintptr_t start = (uintptr_t)node->content.bytes + offset;
    if (!add(node, page_of(start), page_of(start + size)))
        return -ENOMEM;
    for (size_t page = page_of(start); page < page_of(start + size); page++)
        page_set(page, state | SHARED);
    return (long)start;
}

/* Takes pages away from a mapping, which has them all. */
static void cut(struct mapping *mapping, size_t page, size_t end) {
    /* Without memory for a second mapping, what is behind the pages goes, too. */
    if (page > mapping->page && end < mapping->end)
        add(mapping->node, end, mapping->end);
    if (page > mapping->page)
        mapping->end = page;
    else if (end < mapping->end)
        mapping->page = end;
    else
        drop(mapping);
}

void sharing_unmap(size_t page, size_t end) {
    for (size_t at = page; at < end;) {
        struct mapping *mapping = find(at);
        if (mapping == NULL) {
            at++;
            continue;
        }
        size_t until = end < mapping->end ? end : mapping->end;
        cut(mapping, at, until);
        at = until;
    }
    /* Those of files that have ended by now are free already. */
    for (size_t at = page; at < end; at++) {
        if ((page_state(at) & SHARED) && find(at) == NULL)
            page_set(at, OWN);
    }
}
