/*
 * path_calls.h: the calls about files by their paths.
 */
#ifndef PERSONALITY_PATH_CALLS_H
#define PERSONALITY_PATH_CALLS_H

#include "registers.h"

/* The result of such a call; -ENOSYS for any other. */
long calls_of_paths(const struct registers *registers);

#endif
