/*
 * names.h: the calls that change directories.
 */
#ifndef PERSONALITY_NAMES_H
#define PERSONALITY_NAMES_H

#include "base.h"

long call_mkdirat(int directory, uintptr_t path, uint32_t mode);
long call_unlinkat(int directory, uintptr_t path, long flags);
long call_renameat2(int from, uintptr_t old, int to, uintptr_t new, long flags);
long call_linkat(int from, uintptr_t old, int to, uintptr_t new, long flags);
long call_symlinkat(uintptr_t target, int directory, uintptr_t path);

#endif
