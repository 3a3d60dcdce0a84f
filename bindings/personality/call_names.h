/*
 * call_names.h: the names of Linux's system calls.
 */
#ifndef PERSONALITY_CALL_NAMES_H
#define PERSONALITY_CALL_NAMES_H

#include "base.h"

/* The name of a call; NULL if there is none of that number. */
const char *call_name(uint64_t number);

#endif
