/*
 * futex.h: locks.
 */
#ifndef PERSONALITY_FUTEX_H
#define PERSONALITY_FUTEX_H

#include "base.h"

long call_futex(uintptr_t word, long operation, uint32_t value, uintptr_t timeout);

#endif
