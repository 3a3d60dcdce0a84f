/*
 * process.h: what the program asks about itself and the machine.
 */
#ifndef PERSONALITY_PROCESS_H
#define PERSONALITY_PROCESS_H

#include "base.h"

long call_kill(long process, int signal);
long call_tgkill(long group, long thread, int signal);
long call_uname(uintptr_t buffer);
long call_prlimit(long process, unsigned resource, uintptr_t limit, uintptr_t old);
long call_getrusage(long who, uintptr_t buffer);
long call_sysinfo(uintptr_t buffer);
long call_sched_getaffinity(long process, size_t size, uintptr_t buffer);
long call_arch_prctl(long code, uintptr_t address);
long call_prctl(long option, uintptr_t argument);
long call_clone(uint64_t flags);
long call_ids(uintptr_t first, uintptr_t second, uintptr_t third);
long call_getgroups(void);

#endif
