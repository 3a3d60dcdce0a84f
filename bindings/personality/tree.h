/*
 * tree.h: the tree that the program starts with.
 */
#ifndef PERSONALITY_TREE_H
#define PERSONALITY_TREE_H

#include "nodes.h"

/*
 * Adds a file to the tree that the program starts with; NULL if the image brings one of that name.
 * Without memory, the program ends.
 */
struct node *tree_add(struct node *directory, const char *name, uint32_t mode);

/* As tree_add, with a text that stays where it is: the content of a file, or where a link leads. */
void tree_text(struct node *directory, const char *name, uint32_t mode, const char *text);

/* A directory of that name. If the image brings another file, it hides this one. */
struct node *tree_directory(struct node *parent, const char *name, uint32_t mode);

/* Makes the root directory, with what the image brings. */
void tree_start(void);

/* Puts in the files that were added to the unikernel, in place of those with the same names. */
void tree_add_files(void);

#endif
