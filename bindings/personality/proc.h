/*
 * proc.h: the files of /proc/self.
 */
#ifndef PERSONALITY_PROC_H
#define PERSONALITY_PROC_H

#include "nodes.h"

/* Puts files about the program into a directory. */
void proc_start(struct node *directory);

#endif
