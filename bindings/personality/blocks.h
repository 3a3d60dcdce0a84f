/*
 * blocks.h: the unikernel's block devices.
 */
#ifndef PERSONALITY_BLOCKS_H
#define PERSONALITY_BLOCKS_H

#include "nodes.h"

long block_read(struct node *node, void *buffer, size_t size, uint64_t offset);
long block_write(struct node *node, const void *buffer, size_t size, uint64_t offset);
/* Acquires the device, if it is not: 0 or -ENXIO. Until then its size is not known. */
long block_open(struct node *node);
/* Puts them into a directory. */
void blocks_start(struct node *directory);

#endif
