/*
 * trace.h: prints system calls.
 */
#ifndef PERSONALITY_TRACE_H
#define PERSONALITY_TRACE_H

#include "registers.h"

/* A line about a call, with its result. */
void trace_call(const struct registers *registers, long result);

#endif
