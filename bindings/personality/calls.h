/*
 * calls.h: the answer to every system call.
 */
#ifndef PERSONALITY_CALLS_H
#define PERSONALITY_CALLS_H

#include "registers.h"

/* Answers a system call: its result, or an error's number, negated. entry.S calls it. */
long personality_call(struct registers *registers);

#endif
