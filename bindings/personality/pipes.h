/*
 * pipes.h: pipes within the program.
 */
#ifndef PERSONALITY_PIPES_H
#define PERSONALITY_PIPES_H

#include "nodes.h"

/* In bytes. */
#define PIPE_CAPACITY 0x10000u

/* A pipe that nobody has opened; NULL without memory. */
struct node *pipe_make(void);

static inline bool is_pipe(const struct node *node) {
    return node_type(node) == S_IFIFO && node->device == DEVICE_PIPE;
}

/* An open file of a pipe begins or ends; `flags` has its O_ACCMODE. False without memory. */
bool pipe_open(struct node *node, uint32_t flags);
void pipe_close(struct node *node, uint32_t flags);

/* As read() and write() do. What would wait for the program itself ends it. */
long pipe_read(struct node *node, void *buffer, size_t size, bool waits);
long pipe_write(struct node *node, const void *buffer, size_t size, bool waits);

/* What holds now of POLLIN, POLLOUT, POLLHUP and POLLERR for an end of it. */
int pipe_events(const struct node *node, uint32_t flags);

#endif
