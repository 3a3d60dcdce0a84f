/*
 * heap.h: memory for the personality's own objects.
 */
#ifndef PERSONALITY_HEAP_H
#define PERSONALITY_HEAP_H

#include "base.h"

/* Zeroed; NULL if there is none. It is given back with its size. */
void *heap_allocate(size_t size);
void heap_free(void *object, size_t size);

#endif
