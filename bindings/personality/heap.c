/*
 * heap.c: memory for the personality's own objects. Small ones have sizes that are powers of two,
 * and each size has a list of free ones; large ones are pages.
 */
#include "heap.h"

#include "pages.h"

#define SMALLEST 32ul
#define LISTS    7 /* Up to 2048 bytes. */

struct free_object {
    struct free_object *next;
};

static struct free_object *lists[LISTS];

/* The number of the list for a size; LISTS for what takes pages. */
static int list_of(size_t size) {
    for (int list = 0; list < LISTS; list++) {
        if (size <= SMALLEST << list)
            return list;
    }
    return LISTS;
}

static bool refill(int list) {
    size_t size = SMALLEST << list;
    char *page = memory_take(PAGE_SIZE);
    if (page == NULL)
        return false;
    for (size_t at = 0; at + size <= PAGE_SIZE; at += size) {
        struct free_object *object = (void *)(page + at);
        object->next = lists[list];
        lists[list] = object;
    }
    return true;
}

void *heap_allocate(size_t size) {
    int list = list_of(size);
    if (list == LISTS)
        return memory_take(size);
    if (lists[list] == NULL && !refill(list))
        return NULL;
    struct free_object *object = lists[list];
    lists[list] = object->next;
    return memset(object, 0, size);
}

void heap_free(void *freed, size_t size) {
    int list = list_of(size);
    if (list == LISTS) {
        memory_give(freed, size);
        return;
    }
    struct free_object *object = freed;
    object->next = lists[list];
    lists[list] = object;
}
