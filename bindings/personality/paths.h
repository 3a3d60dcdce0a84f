/*
 * paths.h: where a path leads.
 */
#ifndef PERSONALITY_PATHS_H
#define PERSONALITY_PATHS_H

#include "nodes.h"

/* Where a path leads. */
struct place {
    struct node *directory; /* In which the last name is. */
    const char *name;       /* The last name; its length is 0 for "/", "." and "..". */
    size_t length;
    struct node *node; /* NULL if there is no such file. */
    bool slash;        /* The path ends in a slash. */
};

/* What the last name of a path stands for. */
enum last {
    LAST_NAME,    /* A name to add or take away; whatever slashes follow, it is not gone into. */
    LAST_ITSELF,  /* A file; a symbolic link itself, unless a slash follows. */
    LAST_FOLLOWED /* A file, or where a symbolic link leads. */
};

/* Resolves a path of the program's: 0 or an error. */
long path_find(int directory, uintptr_t path, enum last last, struct place *place);
/*
 * Finds the place of a file of a type that is to be made: 0 or an error, -EEXIST if there is one.
 * Only a directory's path may end in a slash.
 */
long path_new(int directory, uintptr_t path, uint32_t type, struct place *place);
/* Finds an existing file: 0 or an error. */
long path_node(int directory, uintptr_t path, enum last last, struct node **node);
long call_getcwd(uintptr_t buffer, size_t size);
long call_chdir(uintptr_t path);
long call_fchdir(int fd);
/* The working directory, which begins as the root. */
extern struct node *path_working;
void paths_start(void);

#endif
