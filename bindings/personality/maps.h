/*
 * maps.h: what of memory is the program's, as /proc/self/maps has it.
 */
#ifndef PERSONALITY_MAPS_H
#define PERSONALITY_MAPS_H

#include "nodes.h"

/* Makes the content of the file anew. */
void maps_refresh(struct node *node);

#endif
