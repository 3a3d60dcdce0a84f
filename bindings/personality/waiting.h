/*
 * waiting.h: the calls that wait for files.
 */
#ifndef PERSONALITY_WAITING_H
#define PERSONALITY_WAITING_H

#include "base.h"

long call_poll(uintptr_t fds, size_t count, int64_t timeout);
long call_ppoll(uintptr_t fds, size_t count, uintptr_t timeout);

#endif
