/*
 * pipes.c: pipes within the program. Nobody but the program itself could write to one that is
 * empty, or read from one that is full.
 */
#include "pipes.h"

#include "end.h"
#include "heap.h"

/* Writes of no more bytes are done whole, or not at all. */
#define ATOMIC 4096u

struct node *pipe_make(void) {
    struct node *node = node_make(S_IFIFO | 0600);
    if (node != NULL)
        node->device = DEVICE_PIPE;
    return node;
}

static bool reads(uint32_t flags) {
    return (flags & O_ACCMODE) != O_WRONLY;
}

static bool writes(uint32_t flags) {
    return (flags & O_ACCMODE) != O_RDONLY;
}

bool pipe_open(struct node *node, uint32_t flags) {
    struct pipe *pipe = &node->pipe;
    if (pipe->bytes == NULL && (pipe->bytes = heap_allocate(PIPE_CAPACITY)) == NULL)
        return false;
    pipe->readers += reads(flags);
    pipe->writers += writes(flags);
    return true;
}

void pipe_close(struct node *node, uint32_t flags) {
    struct pipe *pipe = &node->pipe;
    pipe->readers -= reads(flags);
    pipe->writers -= writes(flags);
    if (pipe->readers > 0 || pipe->writers > 0)
        return;
    heap_free(pipe->bytes, PIPE_CAPACITY);
    *pipe = (struct pipe){.bytes = NULL};
}

/* Moves bytes between the pipe, from a place on, and a buffer. */
static void copy_out(const struct pipe *pipe, uint8_t *out, size_t size) {
    size_t first = PIPE_CAPACITY - pipe->start < size ? PIPE_CAPACITY - pipe->start : size;
    memcpy(out, pipe->bytes + pipe->start, first);
    memcpy(out + first, pipe->bytes, size - first);
}

static void copy_in(struct pipe *pipe, const uint8_t *in, size_t size) {
    size_t end = (pipe->start + pipe->count) % PIPE_CAPACITY;
    size_t first = PIPE_CAPACITY - end < size ? PIPE_CAPACITY - end : size;
    memcpy(pipe->bytes + end, in, first);
    memcpy(pipe->bytes, in + first, size - first);
}

long pipe_read(struct node *node, void *buffer, size_t size, bool waits) {
    struct pipe *pipe = &node->pipe;
    if (size == 0)
        return 0;
    if (pipe->count == 0) {
        if (pipe->writers == 0)
            return 0;
        if (!waits)
            return -EAGAIN;
        process_end_waiting("it reads from a pipe of its own that is empty");
    }
    size_t part = size < pipe->count ? size : pipe->count;
    copy_out(pipe, buffer, part);
    pipe->start = (uint32_t)((pipe->start + part) % PIPE_CAPACITY);
    pipe->count -= (uint32_t)part;
    return (long)part;
}

long pipe_write(struct node *node, const void *buffer, size_t size, bool waits) {
    struct pipe *pipe = &node->pipe;
    if (size == 0)
        return 0;
    if (pipe->readers == 0)
        return -EPIPE;
    size_t room = PIPE_CAPACITY - pipe->count;
    if (size > room) {
        if (waits)
            process_end_waiting("it writes to a pipe of its own that is full");
        if (size <= ATOMIC || room == 0)
            return -EAGAIN;
        size = room;
    }
    copy_in(pipe, buffer, size);
    pipe->count += (uint32_t)size;
    return (long)size;
}

int pipe_events(const struct node *node, uint32_t flags) {
    const struct pipe *pipe = &node->pipe;
    int events = 0;
    if (reads(flags))
        events |= (pipe->count > 0 ? POLLIN : 0) | (pipe->writers == 0 ? POLLHUP : 0);
    if (writes(flags))
        events |= (PIPE_CAPACITY - pipe->count >= ATOMIC ? POLLOUT : 0) |
                  (pipe->readers == 0 ? POLLERR : 0);
    return events;
}
