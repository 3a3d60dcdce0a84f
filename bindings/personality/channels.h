/*
 * channels.h: streams of bytes to the program that started the unikernel.
 */
#ifndef PERSONALITY_CHANNELS_H
#define PERSONALITY_CHANNELS_H

#include "base.h"

struct channel;

/* A channel over the network device of this name; NULL without memory. */
struct channel *channel_make(const char *name);

/* How many bytes were read; 0 at the end. -EAGAIN if there are none now, and it shall not wait. */
long channel_read(struct channel *channel, void *buffer, size_t size, bool waits);
/* As write() does; -EPIPE once the other side is gone. */
long channel_write(struct channel *channel, const void *buffer, size_t size, bool waits);

/* Of POLLIN, POLLOUT and POLLHUP those that hold now. */
int channel_events(struct channel *channel);

/* Whether there is a channel. */
bool channels_exist(void);

/* Waits until something arrives on a channel, or until a monotonic time; may return early. */
void channels_wait(uint64_t deadline);
/* How long the program has waited so far, in nanoseconds. */
extern uint64_t channels_waited;

/* In a start of a snapshot: nothing has been sent or has arrived on any channel. */
void channels_resume(void);

#endif
