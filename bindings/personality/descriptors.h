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
/* The lowest free descriptor from `least` on gets the file; -EMFILE. */
long descriptor_add(struct file *file, int least, bool close_on_exec);
/* Opens a node; an error if it cannot be. */
long descriptor_open(struct node *node, uint32_t flags);
long call_close(int fd);
long call_dup(int fd);
long call_dup2(int fd, int target);
long call_dup3(int fd, int target, long flags);
long call_fcntl(int fd, int command, uint64_t argument);

#endif
