/*
 * process_calls.h: the calls about the program itself.
 */
#ifndef PERSONALITY_PROCESS_CALLS_H
#define PERSONALITY_PROCESS_CALLS_H

#include "registers.h"

/* The result of such a call; -ENOSYS for any other. */
long calls_of_process(const struct registers *registers);

#endif
