/*
 * limits.h: limits on resources, and what was used of them.
 */
#ifndef PERSONALITY_LIMITS_H
#define PERSONALITY_LIMITS_H

#include "base.h"

long call_prlimit(long process, unsigned resource, uintptr_t limit, uintptr_t old);
long call_getrusage(long who, uintptr_t buffer);
long call_sysinfo(uintptr_t buffer);

#endif
