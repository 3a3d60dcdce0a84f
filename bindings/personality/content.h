/*
 * content.h: what is in a file, whatever it is.
 */
#ifndef PERSONALITY_CONTENT_H
#define PERSONALITY_CONTENT_H

#include "nodes.h"

/*
 * Read and write a node at an offset, the buffer being checked: the number of bytes, or an error.
 */
long content_read(struct node *node, void *buffer, size_t size, uint64_t offset);
long content_write(struct node *node, const void *buffer, size_t size, uint64_t offset);

#endif
