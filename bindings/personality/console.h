/*
 * console.h: what is written, and what the personality says itself.
 */
#ifndef PERSONALITY_CONSOLE_H
#define PERSONALITY_CONSOLE_H

#include "base.h"

void console_write(const void *bytes, size_t size);
/* A line about what the program asked for in vain. */
void console_say(const char *line);

#endif
