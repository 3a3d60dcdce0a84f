/*
 * devices.h: character devices.
 */
#ifndef PERSONALITY_DEVICES_H
#define PERSONALITY_DEVICES_H

#include "nodes.h"

long device_read(struct node *node, void *buffer, size_t size);
long device_write(struct node *node, const void *buffer, size_t size);
/* The console as programs see it that open it: a pipe, and no terminal. NULL without memory. */
struct node *devices_console(void);

#endif
