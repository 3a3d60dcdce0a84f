/*
 * content.h: what is in a file, whatever it is.
 */
#ifndef PERSONALITY_CONTENT_H
#define PERSONALITY_CONTENT_H

#include "nodes.h"

/* A part of a file: with the flags that it was opened with, and an offset where it has one. */
struct part {
    struct node *node;
    uint32_t flags;
    uint64_t offset;
};

/* Read and write, the buffer being checked: the number of bytes, or an error. */
long content_read(const struct part *part, void *buffer, size_t size);
long content_write(const struct part *part, const void *buffer, size_t size);

/* What holds now of POLLIN, POLLOUT, POLLHUP and POLLERR. */
int content_events(const struct node *node, uint32_t flags);

#endif
