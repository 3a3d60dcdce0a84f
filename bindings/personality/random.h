/*
 * random.h: random bytes, from the processor.
 */
#ifndef PERSONALITY_RANDOM_H
#define PERSONALITY_RANDOM_H

#include "base.h"

bool random_fill(void *buffer, size_t size);
long call_getrandom(uintptr_t buffer, size_t size, long flags);

#endif
