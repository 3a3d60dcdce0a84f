/*
 * sharing.h: mappings that share memory with a file.
 */
#ifndef PERSONALITY_SHARING_H
#define PERSONALITY_SHARING_H

#include "nodes.h"

/* Maps a part of a regular file, with this state for its pages: the address, or an error. */
long sharing_map(struct node *node, size_t size, uint64_t offset, uint8_t state);

/* Takes away mappings of these pages, each of which is SHARED. */
void sharing_unmap(size_t page, size_t end);

#endif
