/*
 * proc.h: the files of /proc that programs read.
 */
#ifndef PERSONALITY_PROC_H
#define PERSONALITY_PROC_H

#include "nodes.h"

/* Puts them into /proc. */
void proc_start(struct node *directory);

#endif
