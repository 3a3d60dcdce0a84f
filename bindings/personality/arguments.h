/*
 * arguments.h: the program's arguments and its environment.
 */
#ifndef PERSONALITY_ARGUMENTS_H
#define PERSONALITY_ARGUMENTS_H

#include "base.h"

/* Strings one after the other, each with its NUL. */
struct strings {
    char *bytes;
    size_t room; /* Of the memory that `bytes` begins. */
    size_t size;
    size_t count;
};

/* argv, and the environment. */
extern struct strings arguments, environment;

/* The digits of the size that the command line gives the block device NAME; NULL if it does not. */
const char *arguments_size(const char *name);

/* Takes the command line of this start apart; false without memory. */
bool arguments_start(const char *line);

#endif
