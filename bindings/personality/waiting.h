/*
 * waiting.h: the calls that wait for files.
 */
#ifndef PERSONALITY_WAITING_H
#define PERSONALITY_WAITING_H

#include "base.h"

long call_poll(uintptr_t fds, size_t count, int64_t timeout);
/* No signal interrupts a program, so a mask of signals makes no difference here and below. */
long call_ppoll(uintptr_t fds, size_t count, uintptr_t timeout);
/* `sets` are those to read, to write, and of exceptions. */
long call_select(int count, const uintptr_t sets[3], uintptr_t timeout);
long call_pselect6(int count, const uintptr_t sets[3], uintptr_t timeout);

#endif
