/*
 * pending.h: signals that were sent and have not come to anything yet.
 */
#ifndef PERSONALITY_PENDING_H
#define PERSONALITY_PENDING_H

#include "base.h"

struct sent {
    struct sent *next;
    int32_t signal, code;
    uint64_t value;
};

static inline uint64_t signal_bit(int signal) {
    return 1ul << (signal - 1);
}

/* The signals that are there. */
extern uint64_t signals_pending;

/* Adds one, for the thread or for the process; 0 or -EAGAIN without memory. */
long pending_add(bool to_thread, const struct sent *sent);
/* Takes the next one of these signals, one of which is there. */
struct sent pending_take(uint64_t signals);
/* Takes away all that were sent of a signal. */
void pending_forget(int signal);

#endif
