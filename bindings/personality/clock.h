/*
 * clock.h: time, and waiting for it.
 */
#ifndef PERSONALITY_CLOCK_H
#define PERSONALITY_CLOCK_H

#include "base.h"

void clock_start(void);
/* To be called when the program begins: until then wall time is that of the start. */
void clock_run(void);
/* To be called after a pause that the program knows nothing of. */
void clock_forget(void);
/* Nanoseconds since the Unix epoch, and since the program's start. */
uint64_t clock_now(void);
uint64_t clock_elapsed(void);
/* Nanoseconds that the program has computed: it has the processor for itself where it does not
 * wait. */
uint64_t clock_used(void);
long call_clock_gettime(long clock, uintptr_t buffer);
long call_clock_getres(long clock, uintptr_t buffer);
long call_clock_nanosleep(long clock, long flags, uintptr_t request);
long call_nanosleep(uintptr_t request);
long call_gettimeofday(uintptr_t buffer, uintptr_t zone);
long call_time(uintptr_t buffer);
long call_times(uintptr_t buffer);
/* Waits for nanoseconds. */
void clock_wait(uint64_t time);

#endif
