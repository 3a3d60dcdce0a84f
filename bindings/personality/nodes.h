/*
 * nodes.h: the file system's tree.
 */
#ifndef PERSONALITY_NODES_H
#define PERSONALITY_NODES_H

#include "base.h"

/* What a character device or a pipe is. */
enum device {
    DEVICE_NULL,
    DEVICE_ZERO,
    DEVICE_FULL,
    DEVICE_RANDOM,
    DEVICE_CONSOLE,
    DEVICE_PIPE,
    DEVICE_CHANNEL,
    DEVICE_READY /* To open it is the mark at which snapshots are taken. */
};

struct channel;
struct entry;

/* A pipe: a ring of bytes, NULL while it is not open. */
struct pipe {
    uint8_t *bytes;
    uint32_t start, count;
    uint32_t readers, writers;
};

/* A file of any type. */
struct node {
    uint32_t mode; /* Type and permissions. */
    uint32_t links;
    uint32_t opened; /* How many open files, working directories and searches hold it. */
    uint32_t mapped; /* How many mappings its content is. It stays where it is meanwhile. */
    uint32_t uid, gid;
    uint64_t number;
    uint64_t size;
    uint64_t atime, mtime, ctime; /* Nanoseconds since the Unix epoch. */
    union {
        struct {
            uint8_t *bytes;  /* Of a regular file, or the target of a symbolic link. */
            size_t capacity; /* 0: `bytes` is not the node's own. */
            /* Where the content is made anew whenever the file is opened; else NULL. */
            void (*refresh)(struct node *node);
        } content;
        struct {
            struct node *parent;
            struct entry *first, *last;
            uint64_t next; /* Cookie of the next entry. */
        } directory;
        struct {
            enum device device;
            union {
                struct pipe pipe;
                struct channel *channel;
            };
        };
        struct {
            const char *name;
            solo5_handle_t handle;
            uint64_t block_size; /* 0 until it is acquired. */
        } block;
    };
};

/* A name in a directory. */
struct entry {
    struct entry *next;
    struct node *node;
    uint64_t cookie; /* Ascending along the list: where a reader of the directory goes on. */
    size_t length;
    char name[];
};

static inline uint32_t node_type(const struct node *node) {
    return node->mode & S_IFMT;
}

/* The root directory. */
extern struct node *nodes_root;

/* A file with no name yet; NULL without memory. */
struct node *node_make(uint32_t mode);
/* Frees the node if no name and no open file holds it. */
void node_settle(struct node *node);
struct entry *directory_find(const struct node *directory, const char *name, size_t length);
/* Adds a name: 0, -ENOMEM, or -ENOENT where the directory itself has none any more. */
long directory_add(struct node *directory, const char *name, size_t length, struct node *node);
/* Removes a name; the node's links are counted down. */
void directory_remove(struct node *directory, struct entry *entry);
/* Gives a name to another file, in whose place the one that has it must come. */
void directory_put(struct node *directory, struct entry *entry, struct node *node);
/* Removes a name for good: without others, and where it is not open, the file goes, too. */
void directory_drop(struct node *directory, struct entry *entry);
/* Sets a regular file's size; what is added is zero. 0 or -ENOSPC. */
long node_resize(struct node *node, uint64_t size);
/* Makes content writable and at least so large. 0 or -ENOSPC. */
long node_reserve(struct node *node, uint64_t size);
/* Makes content whole pages, of at least so many bytes, which stay where they are. 0 or -ENOSPC. */
long node_share(struct node *node, uint64_t size);
uint64_t node_count(void);

#endif
