/*
 * scheduling.h: when the program runs, and on which processor.
 */
#ifndef PERSONALITY_SCHEDULING_H
#define PERSONALITY_SCHEDULING_H

#include "base.h"

long call_sched_getaffinity(long process, size_t size, uintptr_t buffer);
long call_sched_setaffinity(long process, size_t size, uintptr_t buffer);
long call_sched_setscheduler(long process, int policy, uintptr_t parameter);
long call_sched_getparam(long process, uintptr_t parameter);
/* The highest and the lowest priority of a policy. */
long call_sched_get_priority(int policy, bool highest);
long call_sched_rr_get_interval(long process, uintptr_t interval);
long call_getpriority(int kind, int who);
long call_setpriority(int kind, int who, int nice);
long call_getcpu(uintptr_t cpu, uintptr_t node);

/* The program's number if this is it, or 0; else -ESRCH. */
long scheduling_own(long process);

#endif
