/*
 * futex.h: locks.
 */
#ifndef PERSONALITY_FUTEX_H
#define PERSONALITY_FUTEX_H

#include "base.h"

long call_futex(uintptr_t word, long operation, uint32_t value, uintptr_t timeout);
/* The locks that whoever dies holds; nobody sees this program die. */
long call_set_robust_list(uintptr_t head, size_t size);
long call_get_robust_list(long thread, uintptr_t head, uintptr_t size);

#endif
