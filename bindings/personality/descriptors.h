/*
 * descriptors.h: open files and the descriptors that stand for them.
 */
#ifndef PERSONALITY_DESCRIPTORS_H
#define PERSONALITY_DESCRIPTORS_H

#include "nodes.h"

#define DESCRIPTORS 1024

/* An open file, which several descriptors may share. */
struct file {
    struct node *node;
    uint32_t references;
    uint32_t flags; /* O_ACCMODE, O_APPEND, O_NONBLOCK... */
    uint64_t offset;
};

/* The open file of a descriptor, or NULL. */
struct file *descriptor_file(int fd);
/* The same, but NULL if it was opened with O_PATH, as which it stands for a name alone. */
struct file *descriptor_opened(int fd);
/* The lowest free descriptor from `least` on gets the file; -EMFILE. */
long descriptor_add(struct file *file, int least, bool close_on_exec);
/* Opens a node. On an error, one that has no name and is not open otherwise is gone. */
long descriptor_open(struct node *node, uint32_t flags);
/* The first number that no new descriptor gets; the program's own limit. */
extern int descriptor_limit;
/* Whether a descriptor is closed by exec(). */
void descriptor_set_close(int fd, bool close_on_exec);
long call_close(int fd);
long call_close_range(uint32_t first, uint32_t last, uint32_t flags);
long call_pipe2(uintptr_t fds, uint32_t flags);
long call_dup(int fd);
long call_dup2(int fd, int target);
long call_dup3(int fd, int target, long flags);
long call_fcntl(int fd, int command, uint64_t argument);

#endif
