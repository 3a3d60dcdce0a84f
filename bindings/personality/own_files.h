/*
 * own_files.h: the files that every program finds, whatever the image brings.
 */
#ifndef PERSONALITY_OWN_FILES_H
#define PERSONALITY_OWN_FILES_H

#include "nodes.h"

/* Puts them into the tree, and opens standard input, output and error. */
void own_files_start(void);

#endif
